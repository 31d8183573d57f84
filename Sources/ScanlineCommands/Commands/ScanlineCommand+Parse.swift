import ArgumentParser

extension ScanlineCommand {
  /// Parses the arguments of the process into the command that they ask for.
  ///
  /// A subcommand that is named first gets the rest for itself. Through the root the parser would
  /// look at them twice before, as the root's own and as a request for a completion script, and
  /// that takes as long as KVM needs to make a virtual machine. (The second look is left out for
  /// commands with a `_superCommandName`.) Everything but a plain command, such as a mistake or
  /// `--help`, takes the way through the root, which words the answer.
  static func parseCommand(_ arguments: [String]) throws -> any ParsableCommand {
    if let name = arguments.first,
      let subcommand = configuration.subcommands.first(where: { $0._commandName == name }),
      let command = try? subcommand.parseAsRoot(Array(arguments.dropFirst())),
      type(of: command) == subcommand
    {
      return command
    }
    return try parseAsRoot(arguments)
  }
}
