import Foundation
import Testing

@Suite("scanline verify", .timeLimit(.minutes(5)))
struct VerifyTests {
  /// What `--format json` promises to programs.
  private struct Report: Decodable {
    struct Configuration: Decodable {
      let dirtyLog: String
      let cpl: Int
      let harvests: UInt64
      let stops: UInt64
      let stores: UInt64
      let pagesReported: UInt64
      let lateReports: UInt64
      let longestLateness: UInt64
      let lateAtStop: UInt64
      let lostPages: UInt64
    }

    let order: String
    let cpus: Int
    let pages: Int
    let lateReports: UInt64
    let lostPages: UInt64
    let configurations: [Configuration]
  }

  private struct Probe: Decodable {
    let dirtyLog: String
    let dirtyLogs: [String]
  }

  private func report(_ run: Scanline.Completion) throws -> Report {
    try JSONDecoder().decode(Report.self, from: Data(run.output))
  }

  @Test("no interface of this host loses a page, at either privilege level", .needsKVM)
  func nothingLost() throws {
    let run = try Scanline.run("verify", "--seconds", "0.3", "--format", "json")
    #expect(run.end == .status(0), "\(text(run.output))")
    #expect(run.errors == "")
    let report = try report(run)
    #expect(report.order == "harvest-first")
    #expect(report.cpus == 2)
    #expect(report.pages == 64)
    #expect(report.lostPages == 0)
    let probe = try JSONDecoder().decode(
      Probe.self, from: Data(Scanline.run("probe", "--format", "json").output))
    let expected = probe.dirtyLogs.flatMap { ["\($0) at 3", "\($0) at 0"] }
    #expect(report.configurations.map { "\($0.dirtyLog) at \($0.cpl)" } == expected)
    for row in report.configurations {
      #expect(row.lostPages == 0)
      #expect(row.stops > 0 && row.harvests > 0 && row.pagesReported > 0)
      #expect(row.stores > 0, "the guest of \(row.dirtyLog) at \(row.cpl) has not run")
      #expect((row.lateReports == 0) == (row.longestLateness == 0))
    }
    #expect(report.lateReports == report.configurations.map(\.lateReports).reduce(0, +))
  }

  @Test(
    "any number of vCPUs and pages loses nothing", .needsKVM,
    arguments: [("1", "1"), ("3", "7"), ("2", "200"), ("5", "65")])
  func sizes(cpus: String, pages: String) throws {
    let run = try Scanline.run(
      "verify", "--dirty-log", "auto", "--cpus", cpus, "--pages", pages, "--seconds", "0.2")
    #expect(run.end == .status(0))
    #expect(text(run.output).hasSuffix("\nNo page was lost.\n"))
  }

  @Test("copying before the harvest loses pages, and says that it demonstrates that", .needsKVM)
  func wrongOrder() throws {
    // Chance decides, but not for long.
    for _ in 0..<10 {
      let run = try Scanline.run(
        "verify", "--order", "copy-first", "--dirty-log", "bitmap", "--cpl", "3", "--seconds", "0.5"
      )
      if run.end == .status(0) { continue }
      #expect(run.end == .status(1))
      let output = text(run.output)
      #expect(
        output.contains("pages were lost, as they must be: this demonstrates the wrong order"))
      #expect(output.hasPrefix("2 vCPUs, 64 pages, copy-first\n"))
      return
    }
    Issue.record("no page was lost in the wrong order: the comparison would not notice one")
  }

  @Test("one interface and one level make one row, under a header", .needsKVM)
  func table() throws {
    let run = try Scanline.run(
      "verify", "--dirty-log", "bitmap", "--cpl", "0", "--seconds", "0.1", "--cpus", "1", "--pages",
      "5")
    #expect(run.end == .status(0))
    let lines = text(run.output).split(separator: "\n").map(String.init)
    #expect(lines.first == "1 vCPU, 5 pages, harvest-first")
    let columns = lines[1].split(separator: "  ", omittingEmptySubsequences: true).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(
      columns == ["dirty log", "CPL", "harvests", "stops", "late", "longest", "at stop", "lost"])
    #expect(lines[2].hasPrefix("bitmap "))
    #expect(lines[2].split(separator: " ").count == 8)
    #expect(lines[2].count == lines[1].count)
  }

  @Test(
    "settings that cannot be are refused",
    arguments: [
      (["--cpus", "0"], "0 vCPUs: choose 1 to 64"), (["--cpus", "65"], "65 vCPUs: choose 1 to 64"),
      (["--pages", "0"], "0 pages: choose 1 to 16384"), (["--pages=-1"], "-1 pages"),
      (["--pages", "16385"], "16385 pages"), (["--seconds", "0"], "seconds"),
      (["--cpl", "1"], "cpl"), (["--order", "sideways"], "order"),
      (["--dirty-log", "x"], "dirty-log"),
      (["--format", "xml"], "format"), (["--device", "/dev/null", "--cpus", "1"], "KVM device"),
    ] as [([String], String)])
  func refusals(arguments: [String], reason: String) throws {
    let run = try Scanline.finish(ChildProcess([Scanline.path, "verify"] + arguments))
    #expect(run.end == .status(arguments.contains("--device") ? 72 : 64))
    #expect(run.errors.contains(reason), "\(run.errors)")
    #expect(run.output == [])
  }
}
