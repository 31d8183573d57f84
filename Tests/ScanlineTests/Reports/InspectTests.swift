import Foundation
import TestSupport
import Testing

@Suite("scanline inspect", .generousTimeLimit)
struct InspectTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// What `--report json` promises to programs.
  private struct Report: Decodable, Equatable {
    struct Entry: Decodable, Equatable {
      let mode: String
      let loadAddress: UInt64
      let lastAddress: UInt64
      let entry: UInt64
    }

    let image: String
    let size: Int
    let kind: String
    let remedy: String?
    let entry: Entry?
  }

  private func report(_ path: String, _ options: String...) throws -> Report {
    let run = try Scanline.finish(
      ChildProcess([Scanline.path, "inspect", path, "--report", "json"] + options))
    #expect(run.end == .status(0))
    #expect(run.errors == "")
    return try JSONDecoder().decode(Report.self, from: Data(run.output))
  }

  private func bootSector() -> [UInt8] {
    [0xFA, 0xF4] + [UInt8](repeating: 0, count: 508) + [0x55, 0xAA]
  }

  @Test("a flat image")
  func flat() throws {
    let path = try directory.write([0xFA, 0xF4, 0x90], to: "flat.bin")
    #expect(
      try report(path)
        == Report(
          image: path, size: 3, kind: "flat image", remedy: nil,
          entry: .init(
            mode: "long", loadAddress: 0x10_0000, lastAddress: 0x10_0002, entry: 0x10_0000)))
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
          mode: "protected", loadAddress: 0x20_0000, lastAddress: 0x20_003F, entry: 0x20_0010))
  }

  @Test("a boot sector is entered in real mode, and only if it is whole")
  func boot() throws {
    let sector = try report(directory.write(bootSector(), to: "boot.bin"))
    #expect(sector.kind == "boot sector")
    #expect(
      sector.entry
        == .init(mode: "real", loadAddress: 0x7C00, lastAddress: 0x7DFF, entry: 0x7C00))
    let longer = try report(directory.write(bootSector() + [0], to: "longer.bin"))
    #expect(longer.kind == "flat image")
    #expect(longer.entry?.mode == "long")
  }

  @Test("what cannot be run as it is, with a remedy, is still a successful report")
  func notFlat() throws {
    let elf = try report(Scanline.path)
    #expect(elf.kind == "ELF file (64-bit)")
    #expect(elf.remedy?.contains("objcopy -O binary") == true)
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

  @Test("text says what makes it runnable")
  func remedyText() throws {
    let run = try Scanline.run("inspect", Scanline.path)
    #expect(run.end == .status(0))
    #expect(text(run.output).contains("cannot be run as it is; make a flat image"))
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
      let run = try Scanline.run("inspect", path, "--report", format, output: .file("/dev/full"))
      #expect(run.end == .status(74))
      #expect(run.errorLines.count == 1)
    }
  }
}
