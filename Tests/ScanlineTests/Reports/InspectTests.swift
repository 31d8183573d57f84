import Foundation
import TestSupport
import Testing

@Suite("scanline inspect", .generousTimeLimit)
struct InspectTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// What `--format json` promises to programs.
  private struct Report: Decodable, Equatable {
    struct Entry: Decodable, Equatable {
      struct Segment: Decodable, Equatable {
        let first: UInt64
        let last: UInt64
      }

      let format: String
      let description: String
      let mode: String
      let loadAddress: UInt64
      let lastAddress: UInt64
      let segments: [Segment]
      let entry: UInt64

      /// Of an image that is loaded in one piece.
      init(
        _ format: String, _ description: String, mode: String, loadAddress: UInt64,
        lastAddress: UInt64, entry: UInt64
      ) {
        self.format = format
        self.description = description
        self.mode = mode
        self.loadAddress = loadAddress
        self.lastAddress = lastAddress
        segments = [Segment(first: loadAddress, last: lastAddress)]
        self.entry = entry
      }
    }

    let image: String
    let size: Int
    let kind: String
    let evidence: String
    let remedy: String?
    let problem: String?
    let entry: Entry?
  }

  private func report(_ path: String, _ options: String...) throws -> Report {
    let run = try Scanline.finish(
      ChildProcess([Scanline.path, "inspect", path, "--format", "json"] + options))
    #expect(run.end == .status(0))
    #expect(run.errors == "")
    return try JSONDecoder().decode(Report.self, from: Data(run.output))
  }

  private func bootSector() -> [UInt8] {
    [0xFA, 0xF4] + [UInt8](repeating: 0, count: 508) + [0x55, 0xAA]
  }

  @Test("a .COM program, by its name")
  func program() throws {
    let path = try directory.write([0xCD, 0x20], to: "GAME.COM")
    #expect(
      try report(path)
        == Report(
          image: path, size: 2, kind: "COM program",
          evidence: "a name that ends in .com, and no known header", remedy: nil, problem: nil,
          entry: .init(
            "com", "DOS program (.COM)", mode: "real", loadAddress: 0x1_0100,
            lastAddress: 0x1_0101, entry: 0x1_0100)))
  }

  @Test("a flat image")
  func flat() throws {
    let path = try directory.write([0xFA, 0xF4, 0x90], to: "flat.bin")
    #expect(
      try report(path)
        == Report(
          image: path, size: 3, kind: "flat image", evidence: "no known header", remedy: nil,
          problem: nil,
          entry: .init(
            "flat", "flat image", mode: "long", loadAddress: 0x10_0000, lastAddress: 0x10_0002,
            entry: 0x10_0000)))
    let text = try Scanline.run("inspect", path)
    #expect(text.end == .status(0))
    for part in [path, "flat image", "3 bytes", "64-bit", "0x100000", "0x100002"] {
      #expect(ScanlineTests.text(text.output).contains(part))
    }
  }

  @Test("options change how it would be entered")
  func options() throws {
    let path = try directory.write([UInt8](repeating: 0x90, count: 64), to: "flat.bin")
    let entry = try report(
      path, "--mode", "protected", "--load-address", "0x200000", "--entry", "0x200010"
    ).entry
    #expect(
      entry
        == .init(
          "flat", "flat image", mode: "protected", loadAddress: 0x20_0000, lastAddress: 0x20_003F,
          entry: 0x20_0010))
  }

  @Test("a boot sector is entered in real mode")
  func boot() throws {
    let sector = try report(directory.write(bootSector(), to: "boot.bin"))
    #expect(sector.kind == "boot sector")
    #expect(sector.evidence == "55 AA at 0x1fe")
    #expect(
      sector.entry
        == .init(
          "boot", "boot sector", mode: "real", loadAddress: 0x7C00, lastAddress: 0x7DFF,
          entry: 0x7C00))
    let flat = try report(directory.file("boot.bin"), "--format", "flat")
    #expect(flat.kind == "boot sector")
    #expect(flat.entry?.format == "flat")
    #expect(flat.entry?.mode == "long")
  }

  @Test("a kernel shows what it was taken for, why, and each of its segments")
  func kernel() throws {
    let path = try GuestImages.path("multiboot2")
    let kernel = try report(path)
    #expect(kernel.kind == "Multiboot 2 kernel")
    #expect(kernel.evidence == "magic and checksum of Multiboot 2 at 0x1000")
    let entry = try #require(kernel.entry)
    #expect(entry.format == "multiboot2")
    #expect(entry.mode == "protected")
    #expect(entry.loadAddress == 0x10_0000)
    #expect(entry.segments.count == 3)
    #expect(entry.segments.map(\.last).max() == entry.lastAddress)
    let lines = text(try Scanline.run("inspect", path).output)
    for part in [
      "format  multiboot2: Multiboot 2 kernel (32-bit ELF)", "loaded  0x100000 to ",
      "entry   0x1000",
    ] { #expect(lines.contains(part), "\(part) is missing in \(lines)") }
    #expect(try report(path, "--format", "elf").entry?.format == "elf")
  }

  @Test("what cannot be run as it is, with a remedy, is still a successful report")
  func notFlat() throws {
    let elf = try report(Scanline.path)
    #expect(elf.kind == "ELF file (64-bit)")
    #expect(elf.problem?.contains("is a program for an operating system") == true)
    #expect(elf.entry == nil)

    var kernel = bootSector() + [UInt8](repeating: 0, count: 1024)
    kernel.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    #expect(
      try report(directory.write(kernel, to: "bzImage")).kind == "Linux kernel (bzImage)")

    for (magic, kind) in [
      ([0x1F, 0x8B, 8], "gzip file"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd file"),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz file"), ([0x4D, 0x5A], "PE or DOS executable"),
    ] as [([UInt8], String)] {
      let file = try report(directory.write(magic, to: "file"))
      #expect(file.kind == kind)
      #expect(file.remedy != nil)
      #expect(file.entry == nil)
    }
  }

  @Test("text says what makes it runnable, or why it is not")
  func remedyText() throws {
    let program = try Scanline.run("inspect", Scanline.path)
    #expect(program.end == .status(0))
    #expect(text(program.output).contains("cannot be run: image "))
    let gzip = try Scanline.run("inspect", directory.write([0x1F, 0x8B, 8], to: "gzip"))
    #expect(gzip.end == .status(0))
    #expect(text(gzip.output).contains("cannot be run as it is; decompress it first"))
  }

  @Test("one line of JSON is never cut by what is in a file's name")
  func strangeName() throws {
    let path = try directory.write([0xF4], to: "a \"quoted\"\nname\\.bin")
    #expect(try report(path).image == path)
  }

  @Test(
    "no image, no report",
    arguments: [("missing", "No such file"), ("empty", "is empty"), (".", "is a directory")])
  func noImage(name: String, reason: String) throws {
    try directory.write([], to: "empty")
    let run = try Scanline.run("inspect", directory.file(name))
    #expect(run.end == .status(66))
    #expect(run.output == [])
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains(reason))
  }

  @Test("output that has no room is not a success")
  func fullOutput() throws {
    let path = try directory.write([0xF4], to: "flat.bin")
    for format in ["text", "json"] {
      let run = try Scanline.run("inspect", path, "--format", format, output: .file("/dev/full"))
      #expect(run.end == .status(74))
      #expect(run.errorLines.count == 1)
    }
  }
}
