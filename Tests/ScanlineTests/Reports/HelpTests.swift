import ArgumentParser
import Testing

@testable import ScanlineCommands

@Suite("--help", .timeLimit(.minutes(1)))
struct HelpTests {
  private static let options: [(command: String, options: [String])] = [
    (
      "run",
      [
        "--mode", "--load-address", "--entry", "--memory", "--cpus", "--irqchip", "--framebuffer",
        "--append", "--screenshot", "--timeout", "--device", "-v, --verbose", "-q, --quiet",
      ]
    ),
    ("demo", ["--screenshot", "--device"]),
    ("inspect", ["--mode", "--load-address", "--entry", "--memory", "--format"]),
    ("probe", ["--device", "--format"]),
  ]

  @Test("names every command, and every exit status")
  func root() throws {
    let run = try Scanline.run("--help")
    #expect(run.end == .status(0))
    #expect(run.errors == "")
    let help = text(run.output)
    for command in ScanlineCommand.configuration.subcommands {
      #expect(help.contains("\n  \(command.configuration.commandName ?? "?") "))
    }
    for line in ExitStatus.table.split(separator: "\n") {
      #expect(help.contains(line))
    }
  }

  @Test("of a command names every option, in 80 columns", arguments: options)
  func command(command: String, options: [String]) throws {
    let run = try Scanline.run(command, "--help")
    #expect(run.end == .status(0))
    let help = text(run.output)
    for option in options {
      #expect(help.contains("\n  \(option) "), "\(option) is missing")
    }
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
    // Nor does it have an option that this test does not know.
    let named = help.matches(of: #/\n  (?:-\w, )?(--[a-z-]+)/#).map { String($0.output.1) }
    let known = options.map { String($0.split(separator: " ").last ?? "") }
    #expect(Set(named) == Set(known + ["--version", "--help"]))
  }

  @Test("--version")
  func version() throws {
    let run = try Scanline.run("--version")
    #expect(run.end == .status(0))
    #expect(text(run.output) == "\(ScanlineCommand.configuration.version)\n")
  }
}
