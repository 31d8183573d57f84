import Glibc
import VMM

/// What one contender did with one workload for a short while.
struct FlushSlice {
  /// Microseconds of CPU time in a tick, on average.
  var hostTime: Double
  /// Of these, the display's own.
  var displayTime: Double
  /// By a tick, on average.
  var compared: Double
  var copied: Double
  var shown: Double
  /// What the guest got done in a second of its vCPU's CPU time.
  var guestSpeed: Double

  private static let interval: UInt64 = 1_000_000_000 / 60

  /// Lets `machine` run, flushed 60 times a second by `contender`: first for `warmUp` ticks, so that
  /// all memory is touched and the page histories are those of a guest that goes on like this, and
  /// then for `ticks` that count.
  static func measure(
    _ contender: Contender, of machine: Machine, warmUp: Int, ticks: Int
  ) throws -> FlushSlice {
    let strategy = try contender.strategy(for: machine)
    try machine.start()
    defer {
      machine.stop(.quit)
      _ = machine.wait()
    }
    try tick(strategy, count: warmUp, of: machine)
    let vcpu = try ThreadClock(named: "vcpu0")
    let guestStart = (WorkloadMachines.progress(of: machine), seconds(on: vcpu.id))
    let touchedBefore = strategy?.touched ?? TouchedBytes()
    let displayStart = strategy?.surface.time ?? 0
    let hostTime = try tick(strategy, count: ticks, of: machine)
    let touched = (strategy?.touched ?? TouchedBytes()) - touchedBefore
    let work = WorkloadMachines.progress(of: machine) &- guestStart.0
    let vcpuTime = seconds(on: vcpu.id) - guestStart.1
    return FlushSlice(
      hostTime: hostTime * 1e6 / Double(ticks),
      displayTime: ((strategy?.surface.time ?? 0) - displayStart) * 1e6 / Double(ticks),
      compared: Double(touched.compared) / Double(ticks),
      copied: Double(touched.copied) / Double(ticks),
      shown: Double(touched.shown) / Double(ticks), guestSpeed: Double(work) / vcpuTime)
  }

  /// The CPU time of the ticks, in seconds, without what lies between them.
  @discardableResult
  private static func tick(
    _ strategy: (any FlushStrategy)?, count: Int, of machine: Machine
  ) throws -> Double {
    var deadline = monotonicNanoseconds()
    var total = 0.0
    for _ in 0..<count {
      deadline = max(deadline &+ interval, monotonicNanoseconds())
      guard !machine.stopEvent.wait(until: deadline) else {
        throw BenchmarkError("the guest has ended")
      }
      if let strategy {
        total += try duration(on: CLOCK_THREAD_CPUTIME_ID) { try strategy.tick() }
      }
    }
    return total
  }
}
