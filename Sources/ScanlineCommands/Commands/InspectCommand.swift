import ArgumentParser
import SystemPackage
import VMM

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    _superCommandName: "scanline",
    abstract: "Say what an image is and how it would be entered; run nothing.",
    usage: "scanline inspect [<options>] <image>",
    discussion: "Addresses and sizes are numbers of bytes in JSON.")

  @OptionGroup(title: "Image") var options: ImageOptions

  @Option(help: "The report's format: text or json.")
  var format = ReportFormat.text

  func run() throws {
    let file = try ImageFile(path: FilePath(options.image))
    let entry: ImageReport.Entry? =
      if file.kind.remedy == nil { ImageReport.Entry(try options.load()) } else { nil }
    try ImageReport(
      image: file.name, size: file.size, kind: file.kind.summary, remedy: file.kind.remedy,
      entry: entry
    ).print(as: format)
  }
}

/// What `inspect` tells.
private struct ImageReport: Report {
  struct Entry: Encodable {
    let mode: String
    let loadAddress: UInt64
    let lastAddress: UInt64
    let entry: UInt64

    init(_ image: FlatImage) {
      mode = image.mode.rawValue
      loadAddress = image.loadAddress.rawValue
      lastAddress = image.lastAddress.rawValue
      entry = image.entry.rawValue
    }
  }

  let image: String
  let size: Int
  let kind: String
  /// What makes it runnable; absent when it is.
  let remedy: String?
  /// How it would be entered; absent when it cannot be run as it is.
  let entry: Entry?

  var lines: [String] {
    var lines = ["\(image): \(kind), \(size) bytes"]
    if let remedy { lines.append("  cannot be run as it is; \(remedy)") }
    if let entry {
      let summary = CPUMode(rawValue: entry.mode)?.summary ?? entry.mode
      lines += [
        "  mode    \(entry.mode): \(summary)",
        "  loaded  \(entry.loadAddress.hexadecimal) to \(entry.lastAddress.hexadecimal)",
        "  entry   \(entry.entry.hexadecimal)",
      ]
    }
    return lines
  }
}
