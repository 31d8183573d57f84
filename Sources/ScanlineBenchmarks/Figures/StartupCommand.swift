import ArgumentParser

/// Whole processes, from exec to exit, beside the C reference VMM.
struct StartupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "startup", abstract: "A whole run of a small guest, from exec to exit.")

  @OptionGroup var options: FigureOptions

  @Option(help: ArgumentHelp("The C reference VMM.", valueName: "path"))
  var reference: String

  @Option(
    help: ArgumentHelp(
      "A build of scanline; the first one is what users install, and has the target.",
      valueName: "name=path"))
  var build: [NamedPath]

  @Option(help: ArgumentHelp("A boot sector that prints as much as the guest.", valueName: "path"))
  var bootSector: String

  @Argument(help: "A 64-bit guest that halts.")
  var image: String

  func run() throws {
    let contenders =
      [("C reference", [reference, image])] + build.map { ($0.name, [$0.path, "run", image]) }
      + build.prefix(1).map { ("the same, a boot sector", [$0.path, "run", bootSector]) }
    let firstBytes =
      [("C reference", [reference, image])]
      + build.prefix(1).flatMap {
        [
          ("\($0.name), the flat guest", [$0.path, "run", image]),
          ("the same, a boot sector", [$0.path, "run", bootSector]),
        ]
      }
    let samples = try interleave(
      rounds: options.runs ?? 200,
      contenders.map { _, command in
        { try duration { try ChildProcess(command).wait() } * 1e3 }
      }
        + firstBytes.map { _, command in { try durationToFirstByte(of: command) * 1e3 } })
    var figure = Figure(title: "Start-up: exec to exit of a guest", unit: "ms", digits: 2)
    for (index, contender) in contenders.enumerated() {
      // Beside what the same build takes with the flat guest.
      let isBootSector = index == contenders.count - 1
      figure.rows.append(
        Row(
          label: contender.0, samples: samples[index],
          ratio: index == 0 ? nil : samples[index].ratio(to: samples[isBootSector ? 1 : 0]),
          target: index == 1 ? .ratio(3) : isBootSector ? .ratio(1.1) : nil))
    }
    let firstByteSamples = samples.dropFirst(contenders.count)
    let rows = zip(firstBytes, firstByteSamples).enumerated().map { index, row in
      Row(
        label: row.0.0, samples: row.1,
        ratio: index == 0 ? nil : row.1.ratio(to: samples[contenders.count]),
        target: index == firstBytes.count - 1 ? .median(5) : nil)
    }
    try options.report([
      figure,
      Figure(
        title: "Start-up: exec to the first byte on standard output", unit: "ms", digits: 2,
        rows: rows),
    ])
  }
}

/// A program and what the table calls it.
struct NamedPath: ExpressibleByArgument {
  let name: String
  let path: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    name = String(parts[0])
    path = String(parts[1])
  }
}
