import Foundation
import TestSupport
import Testing

/// How the display is flushed, and what is told of it.
@Suite("scanline run: the display", .needsKVM, .timeLimit(.minutes(5)))
struct DisplayOptionTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// What `--stats json` promises to programs.
  private struct Report: Decodable {
    let display: Statistics?
  }

  private struct Statistics: Decodable {
    let ticks: UInt64
    let ticksWithDamage: UInt64
    let wakeUps: UInt64
    let sleeps: UInt64
    let harvestNanoseconds: UInt64
    let compareNanoseconds: UInt64
    let sinkNanoseconds: UInt64
    let pagesReported: UInt64
    let pagesChanged: UInt64
    let falsePositiveRatio: Double
    let pagesRearmed: UInt64
    let pagesOpen: UInt64
    let scanlinesFlushed: UInt64
    let bytesCompared: UInt64
    let bytesCopied: UInt64
    let lateCorrections: UInt64
  }

  @Test("every dirty log that the host has shows the same picture")
  func dirtyLogs() throws {
    struct Probe: Decodable { let dirtyLogs: [String] }
    let probe = try JSONDecoder().decode(
      Probe.self, from: Data(Scanline.run("probe", "--format", "json").output))
    #expect(probe.dirtyLogs.first == "bitmap", "every KVM has it")
    var pictures: Set<[UInt8]> = []
    for interface in ["auto"] + probe.dirtyLogs {
      let run = try Scanline.run(
        "run", GuestImages.path("gradient"), "--framebuffer", "320x200x32", "--dirty-log",
        interface,
        "--screenshot", directory.file("\(interface).ppm"))
      #expect(run.end == .status(0), "\(interface): \(run.errors)")
      pictures.insert(try directory.read("\(interface).ppm"))
    }
    #expect(pictures.count == 1)
    let picture = try #require(pictures.first)
    #expect(Set(picture.suffix(320 * 200 * 3)).count > 16, "not a gradient")
  }

  @Test("--stats json is JSON among our own words, with figures that fit together")
  func statsJSON() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("scanlines"), "--append", "frames=40 pause=1", "--framebuffer",
      "320x200x32", "--stats", "json", "--quiet")
    #expect(run.end == .status(0))
    #expect(text(run.output) == "scanlines: drew 40 frames of 4 scanlines\n")
    let statistics = try #require(
      JSONDecoder().decode(Report.self, from: Data(run.errors.utf8)).display)
    #expect(statistics.ticks > 0 && statistics.ticksWithDamage > 0)
    #expect(statistics.ticksWithDamage <= statistics.ticks)
    #expect(statistics.scanlinesFlushed >= 160, "40 frames of 4 lines, all different")
    #expect(statistics.bytesCopied >= 160 * 320)
    #expect(statistics.bytesCopied <= statistics.bytesCompared)
    #expect(statistics.pagesChanged > 0 && statistics.pagesReported >= statistics.pagesChanged)
    #expect((0...1).contains(statistics.falsePositiveRatio))
  }

  @Test("--stats text is a table")
  func statsText() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("gradient"), "--framebuffer", "320x200x32", "--stats", "text",
      "--quiet"
    )
    #expect(run.end == .status(0))
    let lines = run.errorLines
    #expect(
      lines.contains {
        $0.contains(#/^display: \d+ ticks, \d+ with damage; \d+ wake-ups, \d+ sleeps$/#)
      })
    for name in ["pages reported", "pages re-armed", "scanlines flushed", "bytes copied"] {
      let line = try #require(lines.first { $0.contains(name) })
      #expect(line.contains(#/ \d+ +\d+$/#), "\(line)")
    }
  }

  @Test("--heatmap writes a picture as tall as the screen, brightest where the guest drew")
  func heatmap() throws {
    let path = directory.file("heat.ppm")
    let run = try Scanline.run(
      "run", GuestImages.path("scanlines"), "--append", "frames=10 lines=4 pause=30",
      "--framebuffer", "320x200x32", "--heatmap", path)
    #expect(run.end == .status(0), "\(run.errors)")
    let picture = try directory.read("heat.ppm")
    let header = Array("P6\n256 200\n255\n".utf8)
    #expect(picture.starts(with: header))
    let rows = picture.dropFirst(header.count)
    #expect(rows.count == 256 * 200 * 3)
    // Ten frames of four lines from the top; nothing below.
    #expect(rows.prefix(40 * 256 * 3).contains { $0 != 0 })
    #expect(rows.dropFirst(40 * 256 * 3).allSatisfy { $0 == 0 })
  }

  @Test("--heatmap needs a framebuffer, and a place that can be written")
  func heatmapRefusals() throws {
    let image = try GuestImages.path("gradient")
    let none = try Scanline.run("run", image, "--framebuffer", "none", "--heatmap", "heat.ppm")
    #expect(none.end == .status(64))
    #expect(none.errors.contains("heatmap heat.ppm: there is no framebuffer"))
    let missing = try Scanline.run("run", image, "--heatmap", directory.file("no/heat.ppm"))
    #expect(missing.end == .status(74))
    #expect(missing.output == [], "found out before the guest runs")
  }

  @Test("a rate outside 1 to 1000 is refused", arguments: ["0", "-1", "1001", "fast"])
  func rates(rate: String) throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), "--fps=\(rate)")
    #expect(run.end == .status(64))
    #expect(run.errors.contains(rate))
    #expect(run.output == [])
  }

  @Test("the ends of the range are not", arguments: ["1", "1000"])
  func extremeRates(rate: String) throws {
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--fps", rate, "--stats", "json", "--quiet")
    #expect(run.end == .status(0))
  }

  @Test("an unknown dirty log is refused, with those that there are")
  func unknownDirtyLog() throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), "--dirty-log", "magic")
    #expect(run.end == .status(64))
    for name in ["auto", "bitmap", "clear", "clear-initially-set", "ring"] {
      #expect(run.errors.contains("'\(name)'"))
    }
  }

  @Test("--present shows a guest that never rings the doorbell")
  func present() throws {
    let image = try GuestImages.path("gradient")
    for (name, options) in [("clock", []), ("present", ["--present"])] as [(String, [String])] {
      let run = try Scanline.finish(
        ChildProcess(
          [
            Scanline.path, "run", image, "--framebuffer", "320x200x32", "--screenshot",
            directory.file("\(name).ppm"), "--verbose",
          ] + options))
      #expect(run.end == .status(0))
    }
    let isSame = try directory.read("clock.ppm") == directory.read("present.ppm")
    #expect(isSame)
  }
}
