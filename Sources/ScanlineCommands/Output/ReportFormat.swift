import ArgumentParser
import FoundationEssentials
import SystemPackage
import VMM

/// How a report is printed.
enum ReportFormat: String, WordArgument {
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
    let bytes = try bytes(as: format)
    do {
      try FileDescriptor.standardOutput.writeAll(bytes)
    } catch {
      throw VMMError(.io, "standard output: \(error); make room for it or send it elsewhere")
    }
  }

  /// Prints the report beside our other words. Losing it is no reason to fail.
  func say(as format: ReportFormat) {
    guard let bytes = try? bytes(as: format) else { return }
    StandardError.write(String(decoding: bytes, as: UTF8.self))
  }

  private func bytes(as format: ReportFormat) throws -> [UInt8] {
    switch format {
    case .text: return Array(lines.map { $0 + "\n" }.joined().utf8)
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
  }
}
