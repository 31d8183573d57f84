import Display
import Glibc
import Synchronization
import VMM

/// A whole machine, flusher and all, of which nobody expects anything: how soundly it sleeps, and how
/// fast it wakes up.
struct WakeUps {
  /// Times that the flusher woke up in ``quietSeconds`` without a store.
  let whileQuiet: UInt64
  let quietSeconds: Int
  /// Seconds of CPU time that the flusher took in a second of that.
  let quietTime: Double
  /// Microseconds from the guest's go-ahead for a store to the frame that shows it, one after each
  /// sleep.
  let latencies: Samples
  /// The same, to the flusher being awake.
  let awakeLatencies: Samples

  private static let deadline: UInt64 = 20_000_000_000

  init(
    _ machines: WorkloadMachines, mode: FramebufferMode, log: DirtyLogInterface,
    quietSeconds: Int, transitions: Int
  ) throws {
    let bell = Bell(event: try EventDescriptor())
    let machine = try machines.make(
      "blink step", mode: mode, log: log, sinks: [BellSink(bell: bell)])
    try machine.start()
    defer {
      machine.stop(.quit)
      _ = machine.wait()
    }
    var sleeps: UInt64 = 0
    var latencies = Samples()
    var awakeLatencies = Samples()
    for step in 1...UInt32(transitions) {
      try Self.waitForSleep(of: machine, after: &sleeps)
      bell.event.clear()
      let start = monotonicNanoseconds()
      guard machine.store(step, at: WorkloadMachines.step) else {
        throw BenchmarkError("there is no RAM")
      }
      guard bell.event.wait(until: start + Self.deadline)
      else { throw BenchmarkError("a store was not shown") }
      latencies.append(Double(bell.time.load(ordering: .acquiring) - start) / 1e3)
      let awakening = machine.flushStatistics?.lastAwakening ?? 0
      awakeLatencies.append(awakening > start ? Double(awakening - start) / 1e3 : .infinity)
    }
    try Self.waitForSleep(of: machine, after: &sleeps)
    usleep(500_000)
    let before = machine.flushStatistics?.wakeUps ?? 0
    let flusher = try ThreadClock(named: "flusher")
    let time = duration(on: flusher.id) { usleep(UInt32(quietSeconds) * 1_000_000) }
    quietTime = time / Double(quietSeconds)
    whileQuiet = (machine.flushStatistics?.wakeUps ?? 0) - before
    self.quietSeconds = quietSeconds
    self.latencies = latencies
    self.awakeLatencies = awakeLatencies
  }

  /// Waits for one more sleep than `sleeps`, and a moment more: the flusher counts before it does.
  private static func waitForSleep(of machine: Machine, after sleeps: inout UInt64) throws {
    let end = monotonicNanoseconds() + deadline
    while let count = machine.flushStatistics?.sleeps, count <= sleeps {
      guard monotonicNanoseconds() < end else { throw BenchmarkError("the flusher never sleeps") }
      usleep(10_000)
    }
    sleeps = machine.flushStatistics?.sleeps ?? 0
    usleep(20_000)
  }
}

/// Tells when a frame was presented.
private final class Bell: Sendable {
  let event: EventDescriptor
  let time = Atomic<UInt64>(0)

  init(event: EventDescriptor) {
    self.event = event
  }
}

private struct BellSink: FrameSink {
  let bell: Bell

  mutating func present(_ frame: borrowing Frame, damage: Damage) {
    bell.time.store(monotonicNanoseconds(), ordering: .releasing)
    bell.event.signal()
  }
}
