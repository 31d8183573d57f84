import ArgumentParser
import SystemPackage
import VMM

/// What is told of the inside of a run, and how.
struct TraceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write down events: exits, io, mmio, irq, dirty, serial, bios, assist, or all.",
      discussion: "One line each: microseconds, vCPU, RIP as of the exit, and what happened.",
      valueName: "list"),
    transform: TraceCategories.init(argument:))
  var trace: TraceCategories?

  @Option(
    help: ArgumentHelp("Where the trace goes (default: standard error).", valueName: "file"))
  var traceFile: String?

  @Option(
    help: ArgumentHelp(
      "Report on standard error what the machine did: text or json.", valueName: "format"))
  var stats: ReportFormat?

  /// Opens the trace's file; nil if nothing is traced.
  func configuration() throws(VMMError) -> TraceConfiguration? {
    guard let trace else {
      guard let traceFile else { return nil }
      throw VMMError(
        .usage, "trace file \(traceFile): nothing is traced; say what with --trace, such as all")
    }
    guard let traceFile else { return TraceConfiguration(trace) }
    do {
      // Written as it happens: the file of a run that goes on can be read.
      let file = try FileDescriptor.open(
        FilePath(traceFile), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      return TraceConfiguration(trace, to: file)
    } catch {
      throw VMMError(
        .io, "trace file \(traceFile): \(error); check that its directory exists and is writable")
    }
  }
}

extension TraceCategories {
  /// Names with commas between them, or `all`.
  init(argument: String) throws(ArgumentError) {
    self = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      if name == "all" {
        formUnion(.all)
      } else if let known = Self.names.first(where: { $0.name == name }) {
        formUnion(known.category)
      } else {
        let names = Self.names.map(\.name).joined(separator: ", ")
        throw ArgumentError(
          description: "'\(name)' is no event; choose from \(names) with commas between, or all")
      }
    }
  }
}
