import Display
import Glibc
import Synchronization
import TestSupport
import Testing

/// What the contract of the dirty log promises while the guest goes on writing.
///
/// The guest here is a thread, whose racing stores are the point of the tests; the thread sanitizer
/// would rightly report them.
@Suite(
  .timeLimit(.minutes(5)), .serialized,
  .disabled(if: isThreadSanitized, "the races are what is tested"))
struct RacingWriteTests {
  enum Order { case harvestThenRead, readThenHarvest }

  /// R1, with the guest's write placed where it hurts.
  @Test(arguments: [Order.harvestThenRead, .readThenHarvest])
  func onlyHarvestingFirstKeepsAWriteInBetween(order: Order) throws {
    let mode = try #require(
      DisplayMode(
        width: 64, height: 64, format: .indexed8, stride: 64, startOffset: 0,
        videoMemorySize: 4096))
    var memory = VideoMemory(size: 4096)
    var tracker = trackerShowing(mode, &memory)
    memory.write(1, at: 10)
    switch order {
    case .harvestThenRead:
      let dirtyPages = memory.harvest()
      memory.write(2, at: 20)
      tracker.update(dirtyPages: dirtyPages, memory: memory)
    case .readThenHarvest:
      tracker.update(dirtyPages: [1], memory: memory)
      memory.write(2, at: 20)
      _ = memory.harvest()
    }
    // The guest has stopped: one last harvest and update (R3).
    tracker.tick(&memory)
    #expect((tracker.frame.bytes == memory.bytes) == (order == .harvestThenRead))
  }

  /// R2 and R3: a sink that repaints the damage only, while a guest writes and logs late.
  @Test(arguments: [64, 1000, 7777])
  func stoppedGuestLeavesAnExactFrame(stride: Int) throws {
    let guest = RacingGuest()
    let mode = try #require(
      DisplayMode(
        width: min(stride, 2000), height: RacingGuest.size / stride, format: .indexed8,
        stride: stride, startOffset: 0, videoMemorySize: RacingGuest.size))
    var tracker = FrameTracker()
    tracker.setMode(mode)
    var screen = [UInt8](repeating: 0, count: mode.width * mode.height)
    let vcpu = try VCPUThread { guest.scribble(seed: UInt64(stride), stores: 400_000) }
    while !guest.isStopped { guest.tick(&tracker, painting: &screen) }
    vcpu.join()
    guest.tick(&tracker, painting: &screen)
    #expect(tracker.frame.bytes == guest.visibleBytes(of: mode))
    #expect(tracker.frame.bytes == screen, "the damage named every pixel that changed")
  }

  /// A byte that flickers must not keep the comparison from what is behind it, on the same page or
  /// on the next: that byte's page need not be reported again.
  @Test(arguments: [100, 4000, 4096, 6000])
  func flickerHidesNothing(changedOffset: Int) throws {
    let guest = RacingGuest()
    let mode = try #require(
      DisplayMode(
        width: 8192, height: 1, format: .indexed8, stride: 8192, startOffset: 0,
        videoMemorySize: RacingGuest.size))
    var tracker = FrameTracker()
    tracker.setMode(mode)
    guest.update(&tracker)
    let vcpu = try VCPUThread { guest.flicker(at: 16) }
    var missed = 0
    for round in 1...20_000 {
      let value = UInt8(truncatingIfNeeded: round)
      guest.store(value, at: changedOffset)
      guest.update(&tracker)
      if tracker.frame.withRow(0, { $0[changedOffset] }) != value { missed += 1 }
    }
    guest.stop()
    vcpu.join()
    #expect(missed == 0)
  }
}

/// Whether this process runs under the thread sanitizer.
private let isThreadSanitized = unsafe dlsym(nil, "__tsan_init") != nil

/// A thread of its own, so that it races even where the tests have a single thread.
@safe private final class VCPUThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private struct CreationFailed: Error { let code: Int32 }

  private let thread: pthread_t

  init(_ body: @escaping @Sendable () -> Void) throws {
    let body = unsafe Unmanaged.passRetained(Body(run: body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard code == 0 else {
      unsafe body.release()
      throw CreationFailed(code: code)
    }
    self.thread = thread
  }

  func join() { pthread_join(thread, nil) }
}

/// Video memory of 64 pages and its dirty log, written to by a thread as a vCPU would.
@safe private final class RacingGuest: Sendable {
  static let size = 64 * 4096

  /// Raced for on purpose.
  nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer
  private let dirtyPages = Atomic<UInt64>(0)
  private let hasStopped = Atomic<Bool>(false)

  init() {
    unsafe memory = .allocate(byteCount: Self.size, alignment: 4096)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { unsafe memory.deallocate() }

  var isStopped: Bool { hasStopped.load(ordering: .acquiring) }

  func stop() { hasStopped.store(true, ordering: .releasing) }

  /// A store that is logged afterwards, as KVM does for stores that it emulates.
  func store(_ value: UInt8, at offset: Int) {
    unsafe memory.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    dirtyPages.bitwiseOr(1 << UInt64(offset / 4096), ordering: .sequentiallyConsistent)
  }

  func scribble(seed: UInt64, stores: Int) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<stores {
      let bits = random.next()
      store(UInt8(truncatingIfNeeded: bits >> 32) & 3, at: Int(bits % UInt64(Self.size)))
    }
    stop()
  }

  func flicker(at offset: Int) {
    guard let base = unsafe memory.baseAddress else { return }
    let byte = unsafe (base + offset).assumingMemoryBound(to: UInt8.self)
    while !isStopped {
      for _ in 0..<64 {
        unsafe byte.pointee = 1
        unsafe byte.pointee = 0
      }
      store(0, at: offset)
    }
  }

  /// Harvests, and only then updates (R1).
  func update(_ tracker: inout FrameTracker) {
    let harvest = dirtyPages.exchange(0, ordering: .sequentiallyConsistent)
    let words: InlineArray<1, UInt64> = [harvest]
    unsafe tracker.update(dirtyPages: words.span, memory: UnsafeRawBufferPointer(memory))
    tracker.damage._checkInvariants()
  }

  func tick(_ tracker: inout FrameTracker, painting screen: inout [UInt8]) {
    update(&tracker)
    let width = tracker.frame.width
    for run in tracker.damage.runs {
      for line in run.lines {
        tracker.frame.withRow(line) { row in
          for column in run.columns { screen[line * width + column] = row[column] }
        }
      }
    }
  }

  func visibleBytes(of mode: DisplayMode) -> [UInt8] {
    (0..<mode.height).flatMap { line in
      (0..<mode.rowBytes).map { byte in
        let offset = mode.startOffset + line * mode.stride + byte
        return unsafe memory.load(fromByteOffset: offset, as: UInt8.self)
      }
    }
  }
}
