import Glibc
import VMM

/// Ticks of a display on which nothing is drawn, and of a loop that only waits by the same means.
struct IdleTicks {
  /// Ticks a second, as of a display: a faster loop would find its caches warm and its processor
  /// awake.
  static let rate = 60
  private static let ticksPerSlice = 60

  /// Microseconds of CPU time a tick, in slices of a second, in turn.
  func measure(rounds: Int) throws -> (bare: Samples, flushing: Samples) {
    let machine = try Self.sleepingMachine()
    try machine.start()
    defer {
      machine.stop(.quit)
      _ = machine.wait()
    }
    // The first tick takes over the whole picture.
    machine.flush()
    let samples = try interleave(
      rounds: rounds,
      [{ try Self.measureLoop {} }, { try Self.measureLoop { machine.flush() } }])
    return (samples[0], samples[1])
  }

  private static func measureLoop(_ tick: () -> Void) throws -> Double {
    let never = try EventDescriptor()
    let interval = 1_000_000_000 / UInt64(rate)
    var deadline = monotonicNanoseconds()
    return duration(on: CLOCK_THREAD_CPUTIME_ID) {
      for _ in 0..<ticksPerSlice {
        deadline += interval
        _ = never.wait(until: deadline)
        tick()
      }
    } * 1e6 / Double(ticksPerSlice)
  }

  /// A machine whose guest costs nothing, without sinks: nobody ticks but the benchmark.
  private static func sleepingMachine() throws -> Machine {
    var configuration = MachineConfiguration()
    // With it `hlt` sleeps in the kernel.
    configuration.interruptController = .kernel
    let sleep: [UInt8] = [
      0xFB,  // sti: a halt that is not the end
      0xF4,  // hlt
      0xEB, 0xFD,  // jmp to hlt
    ]
    return try Machine(configuration, image: FlatImage(ImageFile(name: "sleep", bytes: sleep)))
  }
}
