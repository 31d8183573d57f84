public import ArgumentParser
import Glibc
import VMM

/// The command line: `scanline run`, `demo`, `inspect`, `probe`, `verify`.
public struct ScanlineCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "scanline",
    abstract: "A tiny virtual machine monitor: flat x86 guests on Linux KVM.",
    discussion: ExitStatus.table,
    version: "0.1.0",
    subcommands: [
      RunCommand.self, DemoCommand.self, InspectCommand.self, ProbeCommand.self,
      VerifyCommand.self,
    ])

  public init() {}

  /// Runs the command that `arguments` names, and ends the process with its status.
  public static func start(_ arguments: [String]? = nil) -> Never {
    StandardStreams.occupyClosed()
    let arguments = arguments ?? Array(CommandLine.arguments.dropFirst())
    do {
      try RunCommand.runPlainly(arguments)
      var command = try parseCommand(arguments)
      try command.run()
      Glibc.exit(ExitStatus.success)
    } catch let error as VMMError {
      StandardError.say(error.description)
      Glibc.exit(ExitStatus.of(error))
    } catch {
      exit(withError: error)
    }
  }
}
