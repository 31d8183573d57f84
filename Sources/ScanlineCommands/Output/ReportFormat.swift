import ArgumentParser
import FoundationEssentials
import SystemPackage

/// How a report is printed.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
  case text
  case json
}

/// Something that can be printed for a person or for a program.
protocol Report: Encodable {
  /// Lines for a person.
  var lines: [String] { get }
}

extension Report {
  /// Prints the report to standard output.
  func print(as format: ReportFormat) throws {
    switch format {
    case .text:
      try FileDescriptor.standardOutput.writeAll(
        lines.map { $0 + "\n" }.joined().utf8)
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try FileDescriptor.standardOutput.writeAll(encoder.encode(self) + [UInt8(ascii: "\n")])
    }
  }
}
