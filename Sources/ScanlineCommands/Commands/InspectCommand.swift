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

  @Option(
    help: ArgumentHelp(
      "The report's format: text or json; or what the image is, as for run. Both by giving it twice.",
      valueName: "format"))
  var format: [InspectFormat] = []

  private var reportFormat: ReportFormat {
    format.compactMap { if case .report(let format) = $0 { format } else { nil } }.last ?? .text
  }

  private var imageFormat: ImageFormat? {
    format.compactMap { if case .image(let format) = $0 { format } else { nil } }.last?.word
  }

  func run() throws {
    let file = try ImageFile(path: FilePath(options.image))
    var entry: ImageReport.Entry?
    var problem: String?
    do throws(VMMError) {
      entry = ImageReport.Entry(try options.load(file, as: imageFormat).image)
    } catch {
      // That it cannot be booted is what the user wants to know; a setting that cannot be is not.
      guard error.kind == .image else { throw error }
      problem = error.description
    }
    try ImageReport(
      image: file.name, size: file.size, kind: file.kind.summary, evidence: file.kind.evidence,
      remedy: file.kind.remedy, problem: problem, entry: entry
    ).print(as: reportFormat)
  }
}

/// The format of the report, or that of the image: no name means both.
enum InspectFormat: ExpressibleByArgument {
  case report(ReportFormat)
  case image(AutoOr<ImageFormat>)

  init?(argument: String) {
    if let format = ReportFormat(rawValue: argument) {
      self = .report(format)
    } else if let format = AutoOr<ImageFormat>(argument: argument) {
      self = .image(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] {
    ReportFormat.allValueStrings + AutoOr<ImageFormat>.allValueStrings
  }
}

/// What `inspect` tells.
private struct ImageReport: Report {
  struct Entry: Encodable {
    struct Segment: Encodable {
      let first: UInt64
      let last: UInt64
    }

    /// What a bzImage tells of itself.
    struct Linux: Encodable {
      let bootProtocol: String
      let kernelVersion: String?
      let maximumCommandLine: Int

      init(_ header: LinuxSetupHeader) {
        bootProtocol = header.versionText
        kernelVersion = header.kernelVersion
        maximumCommandLine = header.maximumCommandLine
      }

      var lines: [String] {
        let version = kernelVersion.map { ["  kernel  \($0)"] } ?? []
        return version + [
          "  boot    protocol \(bootProtocol), command line of up to \(maximumCommandLine) bytes"
        ]
      }
    }

    let format: String
    let description: String
    /// Only of a Linux kernel.
    let linux: Linux?
    let mode: String
    let loadAddress: UInt64
    let lastAddress: UInt64
    let segments: [Segment]
    let entry: UInt64

    init(_ image: BootImage) {
      format = image.format.rawValue
      description = image.description
      linux = if case .linux(let image) = image { Linux(image.header) } else { nil }
      mode = image.entry.mode.rawValue
      segments = image.loadedRanges.map {
        Segment(first: $0.lowerBound.rawValue, last: $0.upperBound.rawValue)
      }
      loadAddress = segments.first?.first ?? 0
      lastAddress = segments.last?.last ?? 0
      entry = image.entry.address.rawValue
    }
  }

  let image: String
  let size: Int
  /// What its content says it is.
  let kind: String
  /// By what it was recognised.
  let evidence: String
  /// What makes it runnable; absent when it is.
  let remedy: String?
  /// Why it cannot be booted with these options; absent when it can.
  let problem: String?
  /// How it would be entered; absent when it cannot be.
  let entry: Entry?

  var lines: [String] {
    var lines = ["\(image): \(kind), \(size) bytes", "  by      \(evidence)"]
    if let remedy {
      lines.append("  cannot be run as it is; \(remedy)")
    } else if let problem {
      lines.append("  cannot be run: \(problem)")
    }
    if let entry {
      let summary = CPUMode(rawValue: entry.mode)?.summary ?? entry.mode
      lines.append("  format  \(entry.format): \(entry.description)")
      lines += entry.linux?.lines ?? []
      lines.append("  mode    \(entry.mode): \(summary)")
      lines += entry.segments.map {
        "  loaded  \($0.first.hexadecimal) to \($0.last.hexadecimal)"
      }
      lines.append("  entry   \(entry.entry.hexadecimal)")
    }
    return lines
  }
}
