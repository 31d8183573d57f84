import Foundation
import TestSupport
import Testing

@Suite("scanline run: --trace and --stats", .needsKVM, .timeLimit(.minutes(5)))
struct TraceTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// The lines of a trace, split into time, vCPU, RIP and words.
  private func parse(_ text: String) throws -> [(time: Double, cpu: String, words: String)] {
    try text.split(separator: "\n").map { line in
      let match = try #require(
        line.wholeMatch(of: #/ *(\d+\.\d{3}) (cpu\d+|-) (?:0x[0-9a-f]+|-) (.+)/#), "\(line)")
      return (try #require(Double(match.output.1)), String(match.output.2), String(match.output.3))
    }
  }

  @Test("accesses are told with their values, in order, and the guest is as ever")
  func io() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--trace", "io", "--quiet")
    #expect(run.end == .status(0))
    #expect(text(run.output) == "Hello from 64-bit long mode\n")
    let lines = try parse(run.errors)
    let written = lines.filter { $0.words.hasPrefix("io out 0x3f8 1 ") }
    let expected = "Hello from 64-bit long mode\n".utf8.map { "io out 0x3f8 1 \(hex($0))" }
    #expect(written.map(\.words) == expected)
    #expect(lines.allSatisfy { $0.words.hasPrefix("io ") && $0.cpu == "cpu0" })
    #expect(lines.contains { $0.words == "io in 0x3fd 1 0x60" })
  }

  private func hex(_ byte: UInt8) -> String { "0x" + String(byte, radix: 16) }

  @Test("a file takes the trace, all kinds of it, and the times never go back")
  func file() throws {
    let path = directory.file("trace")
    let run = try Scanline.run(
      "run", GuestImages.path("gradient"), "--framebuffer", "320x200x32", "--screenshot",
      directory.file("out.ppm"), "--trace", "exits,dirty,serial", "--trace-file", path, "--quiet")
    #expect(run.end == .status(0), "\(run.errors)")
    #expect(run.errors == "")
    let lines = try parse(String(decoding: directory.read("trace"), as: UTF8.self))
    for kind in ["exits ", "dirty ", "serial "] {
      #expect(lines.contains { $0.words.hasPrefix(kind) }, "\(kind)is missing")
    }
    #expect(!lines.contains { $0.words.hasPrefix("io ") })
    let exits = lines.filter { $0.cpu == "cpu0" }.map(\.time)
    #expect(exits == exits.sorted())
  }

  @Test("an event that does not exist is refused, with those that do")
  func unknown() throws {
    for list in ["nothing", "io,", "IO"] {
      let run = try Scanline.run("run", GuestImages.path("hello64"), "--trace", list)
      #expect(run.end == .status(64))
      #expect(run.errors.contains("exits, io, mmio, irq, dirty, serial"))
      #expect(run.output == [])
    }
  }

  @Test("a file without a trace, and a file that cannot be, are found out before the run")
  func files() throws {
    let image = try GuestImages.path("hello64")
    let alone = try Scanline.run("run", image, "--trace-file", "trace")
    #expect(alone.end == .status(64))
    #expect(alone.errors.contains("trace file trace: nothing is traced"))
    let missing = try Scanline.run(
      "run", image, "--trace", "all", "--trace-file", directory.file("no/trace"))
    #expect(missing.end == .status(74))
    #expect(missing.output == [])
  }

  @Test("a trace that has no room fails the run, whose output is whole")
  func full() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--trace", "all", "--trace-file", "/dev/full", "--quiet")
    #expect(run.end == .status(74))
    #expect(run.errors.contains("trace: No space left on device"))
    #expect(text(run.output) == "Hello from 64-bit long mode\n")
  }

  /// What `--stats json` promises to programs.
  private struct Report: Decodable {
    struct Port: Decodable {
      let port: UInt16
      let exits: UInt64
    }

    struct Exits: Decodable {
      let total: UInt64
      let byReason: [String: UInt64]
      let byPort: [Port]
    }

    struct Serial: Decodable {
      let bytesOut: UInt64
      let bytesIn: UInt64
      let coalescedWrites: UInt64
    }

    struct Unclaimed: Decodable {
      let portReads: UInt64
      let portWrites: UInt64
      let memoryReads: UInt64
      let memoryWrites: UInt64
    }

    struct VCPU: Decodable {
      let id: UInt32
      let exits: UInt64
      let elapsedNanoseconds: UInt64
      let userNanoseconds: UInt64
      let systemNanoseconds: UInt64
      let guestNanoseconds: UInt64
    }

    let exits: Exits
    let serial: Serial
    let unclaimed: Unclaimed
    let vcpus: [VCPU]
    let kernel: [String: [String: [UInt64]]]
  }

  @Test("--stats json tells exits, ports, bytes and times, also without a framebuffer")
  func statsJSON() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--framebuffer", "none", "--stats", "json", "--quiet")
    #expect(run.end == .status(0))
    let report = try JSONDecoder().decode(Report.self, from: Data(run.errors.utf8))
    #expect(report.serial.bytesOut == 28)
    #expect(report.serial.bytesIn == 0)
    #expect(report.exits.byPort.contains { $0.port == 0x3F8 && $0.exits == 28 })
    #expect(report.exits.byPort.map(\.exits).reduce(0, +) == report.exits.byReason["io"])
    #expect(report.exits.byReason.values.reduce(0, +) == report.exits.total)
    #expect(report.vcpus.map(\.exits) == [report.exits.total])
    #expect(report.unclaimed.portWrites == 0)
  }

  @Test("--stats text tells the same to people")
  func statsText() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("hello64"), "--stats", "text", "--quiet")
    #expect(run.end == .status(0))
    #expect(run.errorLines.first?.contains(#/^exits: \d+: io \d+/#) == true)
    #expect(run.errors.contains("0x3f8 28"))
    #expect(run.errors.contains("serial: 28 bytes out, 0 bytes in, 0 writes coalesced"))
  }
}
