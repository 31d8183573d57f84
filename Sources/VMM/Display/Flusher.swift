import Display
import Glibc
import KVM
import Synchronization
import SystemPackage

/// Decides when the display is due: at full rate while something changes, not at all while nothing
/// does, and exactly once more after the machine has stopped.
final class Flusher: Sendable {
  /// How the ticks adapt.
  struct Pace: Sendable {
    /// Ticks a second while something changes.
    var framesPerSecond: Int
    /// Time without damage before the flusher goes to sleep, nanoseconds.
    var idleAfter: UInt64
    /// Time between ticks while asleep on a host without a write trap, nanoseconds.
    var slowInterval: UInt64
    /// Time from a wake-up to the first tick, nanoseconds: the store that woke the flusher passes only
    /// now, and a tick that came before it would leave it to the next one.
    var settlingTime: UInt64 = 1_000_000
    /// Whether frames end where the guest rings the doorbell.
    var isPresented: Bool
    /// Whether to sleep until the next store where the host allows it.
    var usesWriteTrap: Bool

    var interval: UInt64 { 1_000_000_000 / UInt64(framesPerSecond) }

    init(_ configuration: MachineConfiguration) {
      framesPerSecond = configuration.framesPerSecond
      idleAfter = configuration.idleAfter
      slowInterval = configuration.slowTickInterval
      isPresented = configuration.isPresentedByGuest
      usesWriteTrap = configuration.usesWriteTrap
    }
  }

  private let engine: Mutex<FlushEngine>
  private let pace: Pace
  private let control: RunControl
  let video: VideoAdapter
  private let thread = Mutex<Thread?>(nil)
  /// Raised by input, a new sink, or whatever else may soon be seen.
  private let activity: EventDescriptor
  /// When the last presented frame was taken; 0 before the guest has rung.
  private let lastPresent = Atomic<UInt64>(0)
  private let isFinished = Atomic(false)
  private let isWaiting = Atomic(false)

  init(
    video: VideoAdapter, sinks: [any FrameSink & Sendable], pace: Pace, policy: HotPagePolicy,
    control: RunControl, tracer: Tracer? = nil,
    onUnsupportedMode: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(VMMError) {
    self.pace = pace
    self.control = control
    self.video = video
    activity = try EventDescriptor()
    video.changes.connect(activity)
    var engine = FlushEngine(
      video, policy: policy, tracer: tracer, onUnsupportedMode: onUnsupportedMode)
    for sink in sinks { _ = engine.attach(sink) }
    self.engine = Mutex(engine)
  }

  /// Starts to tick, unless nobody looks.
  func start() throws(VMMError) {
    guard engine.withLock({ $0.hasSinks }) else { return }
    try thread.withLock { thread throws(VMMError) in
      guard thread == nil else { return }
      thread = try Thread(name: "flusher") { [self] in run() }
    }
  }

  /// Waits until the ticking has ended, which it does when the machine stops.
  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
  }

  /// Something may soon be seen: back to full rate.
  func noteActivity() {
    activity.signal()
  }

  /// One tick now, unless frames end where the guest says. While vCPUs run the picture is a lower
  /// bound (R2).
  func flush() {
    // Nothing may be left to a later tick when this one may be the last.
    let isLast = isFinished.load(ordering: .acquiring)
    _ = engine.withLock { engine in isPresentedByGuest ? false : engine.tick(isFrame: isLast) }
  }

  /// One tick now, of a benchmark; lends what has changed, if anything has.
  func flush(_ body: (borrowing Frame, Damage) -> Void) {
    engine.withLock { engine in
      if engine.tick() { body(engine.tracker.frame, engine.tracker.damage) }
    }
  }

  /// The last tick, once every vCPU has stopped: the picture is exact (R3), even if the guest has not
  /// rung for it.
  func finish() {
    isFinished.store(true, ordering: .releasing)
    engine.withLock { engine in
      if engine.hasSinks { engine.finish() }
    }
  }

  /// A copy of what is shown, while no vCPU runs: exact (R3), or the last frame that the guest has
  /// ended itself.
  func capture() -> Frame {
    engine.withLock { engine in
      if !isPresentedByGuest { _ = engine.tick(isFrame: true) }
      return engine.tracker.frame.copy()
    }
  }

  /// The screen after a reset, while no vCPU runs: black, and frames end with the clock until the
  /// guest rings again.
  func reset() {
    lastPresent.store(0, ordering: .relaxed)
    video.clear()
    noteActivity()
  }

  /// Ends a frame: the guest has rung the doorbell, and its vCPU waits here, so that it draws no
  /// further before the frame has been taken. At most ``Pace/framesPerSecond`` frames a second.
  func present() {
    let last = lastPresent.load(ordering: .relaxed)
    // A vCPU that is wanted at rest ends its frame early.
    if last != 0, control.restEvent.wait(until: last &+ pace.interval), control.isStopping {
      return
    }
    // Before the lock: from then on no tick but this one is a frame.
    lastPresent.store(monotonicNanoseconds(), ordering: .relaxed)
    _ = engine.withLock { $0.tick(isFrame: true) }
  }

  func attach(_ sink: any FrameSink & Sendable) throws(VMMError) -> SinkID {
    let id = engine.withLock { $0.attach(sink) }
    try start()
    noteActivity()
    return id
  }

  func detach(_ id: SinkID) -> (any FrameSink & Sendable)? {
    defer { noteActivity() }
    return engine.withLock { $0.detach(id) }
  }

  /// Lends the shadow as the last tick left it.
  func withFrame<Result, Failure: Error>(
    _ body: (borrowing Frame) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try engine.withLock { engine throws(Failure) in try body(engine.tracker.frame) }
  }

  /// A copy of `bytes` of video memory; nil unless all of them are.
  func readVideoMemory(_ bytes: Range<Int>) -> [UInt8]? {
    guard bytes.lowerBound >= 0, bytes.upperBound <= video.memory.size else { return nil }
    return unsafe [UInt8](UnsafeRawBufferPointer(rebasing: video.memory.bytes[bytes]))
  }

  /// Whether no tick is due before something happens, or a slow one only.
  var isAsleep: Bool { isWaiting.load(ordering: .acquiring) }

  var statistics: FlushStatistics { engine.withLock { $0.statistics } }

  /// The first error of the log or of a sink.
  var failure: (any Error)? { engine.withLock { $0.failure } }
}

// MARK: - The thread

extension Flusher {
  private func run() {
    // Large pages make arming and releasing the trap a matter of microseconds.
    video.memory.adviseHugePages()
    var trap = pace.usesWriteTrap ? try? WriteTrap(video.memory) : nil
    var deadline = monotonicNanoseconds()
    var lastDamage = deadline
    while true {
      deadline = max(deadline &+ pace.interval, monotonicNanoseconds())
      guard !control.stopEvent.wait(until: deadline) else { return }
      let changed = engine.withLock { engine in
        engine.noteWakeUp()
        return tick(&engine)
      }
      let now = monotonicNanoseconds()
      if changed { lastDamage = now }
      guard now &- lastDamage >= pace.idleAfter else { continue }
      guard sleep(&trap) else { return }
      engine.withLock { $0.noteAwakening() }
      lastDamage = monotonicNanoseconds()
      deadline = lastDamage &+ pace.settlingTime &- pace.interval
    }
  }

  /// What the clock's tick does. True if it found damage.
  private func tick(_ engine: inout FlushEngine) -> Bool {
    guard engine.hasSinks else { return false }
    if isPresentedByGuest {
      engine.presentToNewSinks()
      return false
    }
    return engine.tick()
  }

  /// Whether frames end where the guest says, and it has said so. Ask it under the engine's lock
  /// before a tick, so that none comes after the first ring.
  private var isPresentedByGuest: Bool {
    pace.isPresented && lastPresent.load(ordering: .relaxed) != 0
      && !isFinished.load(ordering: .acquiring)
  }

  /// Sleeps until something is stored, or may soon be seen. False when the machine is stopping.
  private func sleep(_ trap: inout WriteTrap?) -> Bool {
    let waitsForOthers = engine.withLock { engine in
      engine.noteSleep()
      return isPresentedByGuest || !engine.hasSinks
    }
    if waitsForOthers { return wait(nil, timeout: -1) != .stop }
    video.changes.await(true)
    defer { video.changes.await(false) }
    guard let armed = trap, (try? armed.arm()) != nil else {
      // Closing a trap that is armed in part releases whoever waits.
      trap = nil
      return sleepWithoutTrap()
    }
    defer { if (try? armed.disarm()) == nil { trap = nil } }
    // What was stored before the trap was armed is in memory by now, logged or not, and what is
    // stored from now on is trapped: after one look at everything nothing can be missed.
    let changed = engine.withLock { engine in isPresentedByGuest ? false : engine.compareAll() }
    return changed || wait(armed.descriptor, timeout: -1) != .stop
  }

  private func sleepWithoutTrap() -> Bool {
    while true {
      let wakeUp = wait(nil, timeout: Int32(clamping: pace.slowInterval / 1_000_000))
      guard wakeUp == .timeout else { return wakeUp == .activity }
      let changed = engine.withLock { engine in
        engine.noteWakeUp()
        return tick(&engine)
      }
      if changed { return true }
    }
  }

  private enum WakeUp {
    case activity
    case stop
    case timeout
  }

  /// Waits for activity, `descriptor` included, the machine's end, or `timeout` milliseconds.
  private func wait(_ descriptor: FileDescriptor?, timeout: Int32) -> WakeUp {
    var set = PollSet()
    let stop = set.add(control.stopEvent.descriptor)
    let activity = set.add(activity.descriptor)
    let other = set.add(descriptor)
    isWaiting.store(true, ordering: .releasing)
    let ready = set.wait(timeout: timeout)
    isWaiting.store(false, ordering: .releasing)
    if ready.contains(activity) { self.activity.clear() }
    if ready.contains(stop) { return .stop }
    return ready.contains(activity) || ready.contains(other) ? .activity : .timeout
  }
}
