import ArgumentParser
import Testing

@testable import ScanlineCommands

@Suite("--help", .generousTimeLimit)
struct HelpTests {
  private static let options: [(command: String, options: [String])] = [
    (
      "run",
      [
        "--format", "--mode", "--load-address", "--entry", "--writable", "--module", "--initrd",
        "--memory", "--cpus", "--irqchip", "--debug-exit", "--test-devices", "--assist",
        "--on-reset", "--append", "--input", "--teletype", "--timeout", "-v, --verbose",
        "-q, --quiet", "--framebuffer", "--vga", "--screenshot", "--dirty-log", "--fps",
        "--present", "--heatmap", "--trace", "--trace-file", "--stats", "--device",
      ]
    ),
    ("demo", ["--screenshot", "--device"]),
    (
      "inspect",
      [
        "--mode", "--load-address", "--entry", "--initrd", "--memory", "--format", "--module",
        "--writable",
      ]
    ),
    ("probe", ["--device", "--format"]),
    (
      "verify",
      [
        "--dirty-log", "--cpus", "--pages", "--seconds", "--cpl", "--order", "--format", "--device",
      ]
    ),
  ]

  /// Wrapped as in a terminal of 80 columns, whatever the tests run in.
  private func help(_ command: [String]) throws -> Scanline.Completion {
    try Scanline.finish(
      ChildProcess(["/usr/bin/env", "COLUMNS=80", Scanline.path] + command + ["--help"]))
  }

  @Test("names every command, and every exit status")
  func root() throws {
    let run = try help([])
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

  @Test("of a command names every option, and no other", arguments: options)
  func command(command: String, options: [String]) throws {
    let run = try help([command])
    #expect(run.end == .status(0))
    let help = text(run.output)
    for option in options {
      #expect(help.contains("\n  \(option) "), "\(option) is missing")
    }
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
