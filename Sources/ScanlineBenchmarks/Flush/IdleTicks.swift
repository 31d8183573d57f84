import Display
import Glibc
import KVM
import VMM

/// What a screen on which nothing is drawn costs: in a machine as users have it, in one that is made
/// to tick, and beside a loop that only waits by the same means.
struct IdleTicks {
  /// Microseconds of CPU time in the time of a tick, in slices of a second, in turn.
  struct Times {
    /// A loop that only waits.
    var bare: Samples
    /// A machine's flusher, left alone.
    var flusher: Samples
    /// What the flusher does until it goes to sleep.
    var polling: Samples
    /// The one system call that polling cannot do without.
    var getDirtyLog: Samples
  }

  /// Ticks a second, as of a display: a faster loop would find its caches warm and its processor
  /// awake.
  static let rate = 60
  private static let ticksPerSlice = 60

  func measure(rounds: Int) throws -> Times {
    let whole = try Self.machine(sinks: [IgnoringSink()])
    let polled = try Self.machine(sinks: [])
    for machine in [whole, polled] { try machine.start() }
    defer {
      for machine in [whole, polled] {
        machine.stop(.quit)
        _ = machine.wait()
      }
    }
    // The first tick takes over the whole picture.
    polled.flush()
    while whole.flushStatistics?.sleeps == 0 { usleep(10_000) }
    let flusher = try ThreadClock(named: "flusher")

    let memory = try MemoryRegion(size: 16 << 20)
    let machine = try Hypervisor().makeVirtualMachine()
    let slot = try machine.makeMemorySlot(
      index: 0, guestAddress: 0, memory: memory, flags: .logDirtyPages)
    var pages = DirtyBitmap(pageCount: slot.pageCount)

    let samples = try interleave(
      rounds: rounds,
      [
        { try Self.measureLoop {} },
        { duration(on: flusher.id) { usleep(1_000_000) } * 1e6 / Double(Self.rate) },
        { try Self.measureLoop { polled.flush() } },
        { try Self.measureLoop { try slot.getDirtyLog(into: &pages) } },
      ])
    return Times(
      bare: samples[0], flusher: samples[1], polling: samples[2], getDirtyLog: samples[3])
  }

  private static func measureLoop(_ tick: () throws -> Void) throws -> Double {
    let never = try EventDescriptor()
    let interval = 1_000_000_000 / UInt64(rate)
    var deadline = monotonicNanoseconds()
    return try duration(on: CLOCK_THREAD_CPUTIME_ID) {
      for _ in 0..<ticksPerSlice {
        deadline += interval
        _ = never.wait(until: deadline)
        try tick()
      }
    } * 1e6 / Double(ticksPerSlice)
  }

  /// A machine whose guest costs nothing. Without sinks its flusher does not tick.
  private static func machine(sinks: [any FrameSink & Sendable]) throws -> Machine {
    var configuration = MachineConfiguration()
    // With it `hlt` sleeps in the kernel.
    configuration.interruptController = .kernel
    configuration.sinks = sinks
    let sleep: [UInt8] = [
      0xFB,  // sti: a halt that is not the end
      0xF4,  // hlt
      0xEB, 0xFD,  // jmp to hlt
    ]
    return try Machine(configuration, image: FlatImage(ImageFile(name: "sleep", bytes: sleep)))
  }
}

private struct IgnoringSink: FrameSink {
  mutating func present(_ frame: borrowing Frame, damage: Damage) {}
}
