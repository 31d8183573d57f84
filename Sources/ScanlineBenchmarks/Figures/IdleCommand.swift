import ArgumentParser
import Display
import Glibc
import VMM

/// The flusher over a screen on which nothing happens, beside a loop that only waits.
struct IdleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle", abstract: "The flusher's CPU time per tick of an idle screen.")

  @OptionGroup var options: FigureOptions

  /// Ticks a second, as of a display: a faster loop would find its caches warm and its processor
  /// awake.
  private static let rate = 60
  private static let ticksPerSlice = 60

  func run() throws {
    let samples = try interleave(
      rounds: options.runs ?? 20, [{ try measureBareLoop() }, { try measureFlusher() }])
    try options.report([
      Figure(
        title: "Idle screen: CPU time of a tick, \(Self.rate) a second", unit: "us", digits: 2,
        rows: [
          Row(label: "bare timer loop", samples: samples[0]),
          Row(
            label: "flusher", samples: samples[1], ratio: samples[1].ratio(to: samples[0]),
            target: .ratio(1.2)),
        ])
    ])
  }

  /// Microseconds of CPU time for a tick that only waits, by the flusher's own means.
  private func measureBareLoop() throws -> Double {
    let never = try EventDescriptor()
    let interval = 1_000_000_000 / UInt64(Self.rate)
    var deadline = monotonicNanoseconds()
    return duration(on: CLOCK_THREAD_CPUTIME_ID) {
      for _ in 0..<Self.ticksPerSlice {
        deadline += interval
        _ = never.wait(until: deadline)
      }
    } * 1e6 / Double(Self.ticksPerSlice)
  }

  /// Microseconds of CPU time for a tick of a whole machine's flusher, whose guest sleeps.
  private func measureFlusher() throws -> Double {
    var configuration = MachineConfiguration()
    // With it `hlt` sleeps in the kernel, and the vCPU costs nothing.
    configuration.interruptController = .kernel
    configuration.framesPerSecond = Self.rate
    configuration.sinks = [IgnoringSink()]
    let sleep: [UInt8] = [
      0xFB,  // sti: a halt that is not the end
      0xF4,  // hlt
      0xEB, 0xFD,  // jmp to hlt
    ]
    let machine = try Machine(
      configuration, image: FlatImage(ImageFile(name: "sleep", bytes: sleep)))
    try machine.start()
    defer {
      machine.stop(.quit)
      _ = machine.wait()
    }
    // The first ticks take over the whole picture; by then the thread has its name, too.
    try waitForTicks(machine, 10)
    let clock = try ThreadClock(named: "flusher")
    let firstTick = ticks(of: machine)
    let cpu = try duration(on: clock.id) {
      try waitForTicks(machine, firstTick + UInt64(Self.ticksPerSlice))
    }
    return cpu * 1e6 / Double(ticks(of: machine) - firstTick)
  }

  private func ticks(of machine: Machine) -> UInt64 {
    machine.flushStatistics?.frames.updates ?? 0
  }

  private func waitForTicks(_ machine: Machine, _ count: UInt64) throws {
    let deadline = monotonicNanoseconds() + 60_000_000_000
    while ticks(of: machine) < count {
      guard monotonicNanoseconds() < deadline else {
        throw BenchmarkError("the flusher does not tick")
      }
      usleep(20_000)
    }
  }
}

private struct IgnoringSink: FrameSink {
  mutating func present(_ frame: borrowing Frame, damage: Damage) {}
}
