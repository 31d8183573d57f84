import ArgumentParser

/// What all figures have in common.
struct FigureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How often each contender is measured.", valueName: "number"))
  var runs: Int?

  @Flag(help: "End with status 2 when a target is missed.")
  var check = false

  /// What a missed target ends the process with. Anything else that goes wrong is a 1 or a usage
  /// error's 64.
  private static let missed = ExitCode(2)

  /// Prints the figures, and ends the process if one of them must not be missed.
  func report(_ figures: [Figure]) throws {
    for line in figures.flatMap(\.lines) { print(line) }
    if check, figures.contains(where: \.isMissed) { throw Self.missed }
  }

  func validate() throws {
    guard runs ?? 1 > 0 else { throw ValidationError("--runs: measure at least once") }
  }
}
