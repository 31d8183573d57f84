import Glibc
import TestSupport
import Testing

/// Each with one sentence on standard error and status 64, and nothing started.
@Suite("Settings that no machine can have", .generousTimeLimit)
struct BadSettingTests {
  private let directory: TemporaryDirectory
  private let image: String

  init() throws {
    directory = try TemporaryDirectory()
    image = try directory.write([0xFA, 0xF4], to: "halt.bin")
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let options: [String]
    /// What the sentence must say.
    let reason: String

    init(_ options: String..., reason: String) {
      self.options = options
      self.reason = reason
    }

    var testDescription: String { options.joined(separator: " ").prefix(80).description }
  }

  private func run(_ options: [String]) throws -> Scanline.Completion {
    try Scanline.finish(
      ChildProcess([Scanline.path, "run", image] + options, directory: directory.path))
  }

  private static let impossibleCases = [
    Case("--load-address", "0x100001", reason: "misaligned; give a multiple of 16"),
    Case("--load-address", "0x100000000", reason: "beyond 4 GiB"),
    Case("--load-address", "0xFFFFFFFFFFFFFFF0", reason: "beyond 4 GiB"),
    Case("--entry", "0x100002", reason: "outside the image"),
    Case("--entry", "0xFFFFF", reason: "outside the image"),
    Case("--entry", "0xFFFFFFFFFFFFFFFF", reason: "outside the image"),
    Case("--memory", "0", reason: "2M to 64G"),
    Case("--memory", "4K", reason: "2M to 64G"),
    Case("--memory", "64", reason: "such as 64M"),
    Case("--memory", "65G", reason: "2M to 64G"),
    Case("--memory", "17179869183G", reason: "2M to 64G"),
    Case("--memory", "4194305", reason: "multiple of 4096"),
    Case("--framebuffer", "0x0x32", reason: "1x1 to 16000x12000"),
    Case("--framebuffer", "16000x12000x32", reason: "256M"),
    Case("--framebuffer", "640x480x7", reason: "8, 15, 16, 24 or 32"),
    Case("--debug-exit", "0x3F8", reason: "another device at 0x3f8 to 0x3ff"),
    Case("--cpus", "0", reason: "1 to 254"),
    Case("--cpus", "300", reason: "1 to 254"),
    Case("--cpus=-1", reason: "1 to 254"),
    Case("--cpus", "9223372036854775807", reason: "1 to 254"),
    Case("--cpus", "2", "--irqchip", "none", reason: "--irqchip"),
    Case("--writable", reason: "leave out --writable, or choose --format boot"),
    Case("--append", String(repeating: "a", count: 5000), reason: "5000 bytes"),
    Case("--framebuffer", "none", "--screenshot", "a.ppm", reason: "no framebuffer"),
  ]

  @Test("one sentence says the thing, the value and the remedy", arguments: impossibleCases)
  func impossible(bad: Case) throws {
    let run = try run(bad.options)
    #expect(run.end == .status(64))
    #expect(run.output == [])
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("scanline: "))
    #expect(run.errors.contains(bad.reason), "\(run.errors)")
    #expect(directory.names == ["halt.bin"])
  }

  private static let misspeltCases = [
    Case("--load-address", "abc", reason: "'abc' is invalid for '--load-address"),
    Case("--load-address=-1", reason: "'-1' is invalid for '--load-address"),
    Case("--load-address", "-1", reason: "Missing value for '--load-address"),
    Case("--load-address", "99999999999999999999", reason: "is invalid for '--load-address"),
    Case("--entry", "7C00", reason: "is invalid for '--entry"),
    Case("--memory", "99999999999G", reason: "is invalid for '--memory"),
    Case("--memory", "lots", reason: "is invalid for '--memory"),
    Case("--framebuffer", "640x480", reason: "WIDTHxHEIGHTxDEPTH"),
    Case("--framebuffer", "big", reason: "WIDTHxHEIGHTxDEPTH"),
    Case("--cpus", "two", reason: "is invalid for '--cpus"),
    Case("--cpus", "-1", reason: "Missing value for '--cpus"),
    Case("--timeout", "0", reason: "such as 10 or 0.5"),
    Case("--timeout", "-1", reason: "Missing value for '--timeout"),
    Case("--timeout", "abc", reason: "is invalid for '--timeout"),
    Case("--timeout", "nan", reason: "is invalid for '--timeout"),
    Case("--mode", "vm86", reason: "'real', 'protected' or 'long'"),
    Case("--irqchip", "both", reason: "'auto', 'kernel', 'split' or 'none'"),
    Case("--frobnicate", reason: "Unknown option '--frobnicate'"),
    Case("second.bin", reason: "Unexpected argument 'second.bin'"),
    Case("--memory", reason: "Missing value for '--memory"),
  ]

  @Test("what cannot be read is told with the usage", arguments: misspeltCases)
  func misspelt(bad: Case) throws {
    let run = try run(bad.options)
    #expect(run.end == .status(64))
    #expect(run.output == [])
    #expect(run.errors.hasPrefix("Error: "))
    #expect(run.errorLines.filter { $0.hasPrefix("Error: ") }.count == 1)
    #expect(run.errors.contains(bad.reason), "\(run.errors)")
    #expect(run.errors.contains("Usage: scanline run"))
  }

  @Test("no image, or no such command")
  func noCommand() throws {
    let noImage = try Scanline.run("run")
    #expect(noImage.end == .status(64))
    #expect(noImage.errors.hasPrefix("Error: Missing expected argument '<image>'"))
    let noCommand = try Scanline.run("fly")
    #expect(noCommand.end == .status(64))
    #expect(noCommand.errors.hasPrefix("Error: Unexpected argument 'fly'"))
    #expect(noImage.output + noCommand.output == [])
  }

  private static let hostMemory = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * 4096

  @Test(
    "more memory than the host has",
    .enabled(if: hostMemory < 64 << 30, "no machine can have more than this host"))
  func moreThanTheHost() throws {
    let run = try run(["--memory", "64G"])
    #expect(run.end == .status(64))
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("more than this host's \(Self.hostMemory)"))
  }

  @Test(
    "the limits themselves are fine", .needsKVM,
    arguments: [
      ["--memory", "2M"], ["--memory", "8392704"], ["--framebuffer", "1x1x32"],
      ["--framebuffer", "16000x4096x32"], ["--framebuffer", "none"],
      ["--append", String(repeating: "a", count: 3999)], ["--cpus", "8"],
      ["--load-address", "0x3FFFFF0"], ["--entry", "0x100001"], ["--irqchip", "kernel"],
      ["--irqchip", "split"], ["--irqchip", "none"],
    ])
  func limits(options: [String]) throws {
    let run = try run(options)
    // The entry skips the `cli`, so that guest waits for an interrupt.
    #expect(run.end == .status(0), "\(run.errors)")
  }
}
