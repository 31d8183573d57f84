import ArgumentParser

/// A tick over a screen on which nothing happens, beside a loop that only waits.
///
/// A machine's flusher ticks like this only for a moment, and then sleeps until the next store:
/// `flush` measures that.
struct IdleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle", abstract: "The flusher's CPU time per tick of an idle screen.")

  @OptionGroup var options: FigureOptions

  func run() throws {
    let ticks = IdleTicks()
    let samples = try ticks.measure(rounds: options.runs ?? 20)
    try options.report([
      Figure(
        title: "Idle screen: CPU time of a tick, \(IdleTicks.rate) a second", unit: "us", digits: 2,
        rows: [
          Row(label: "bare timer loop", samples: samples.bare),
          Row(
            label: "flusher", samples: samples.flushing,
            ratio: samples.flushing.ratio(to: samples.bare), target: .ratio(1.2)),
        ])
    ])
  }
}
