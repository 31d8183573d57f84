import ArgumentParser

/// A machine's flusher over a screen on which nothing happens, beside a loop that only waits.
///
/// The flusher polls for half a second and then sleeps until the next store, or polls seldom where the
/// host has no write trap. What polling costs is printed, too: most of it is KVM's.
struct IdleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle", abstract: "The flusher's CPU time over an idle screen.")

  @OptionGroup var options: FigureOptions

  func run() throws {
    let times = try IdleTicks().measure(rounds: options.runs ?? 20)
    try options.report([
      Figure(
        title: "Idle screen: CPU time in 1/\(IdleTicks.rate) s", unit: "us", digits: 2,
        rows: [
          Row(label: "bare timer loop", samples: times.bare),
          Row(
            label: "flusher", samples: times.flusher,
            ratio: times.flusher.ratio(to: times.bare), target: .ratio(1.2)),
          Row(
            label: "KVM_GET_DIRTY_LOG alone, polled", samples: times.getDirtyLog,
            ratio: times.getDirtyLog.ratio(to: times.bare)),
          Row(
            label: "flusher before it sleeps, polling", samples: times.polling,
            ratio: times.polling.ratio(to: times.bare)),
        ])
    ])
  }
}
