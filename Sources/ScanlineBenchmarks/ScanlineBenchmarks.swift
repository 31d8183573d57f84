import ArgumentParser

/// The measurements behind `scripts/bench`, which builds what they compare. A figure is one
/// subcommand.
@main
struct ScanlineBenchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanline-bench",
    abstract: "Measures Scanline side by side with a C reference; run it by scripts/bench.",
    subcommands: [
      StartupCommand.self, ExitsCommand.self, MemoryCommand.self, IdleCommand.self,
      FlushCommand.self, TextCommand.self, SerialCommand.self, PauseCommand.self,
    ])
}
