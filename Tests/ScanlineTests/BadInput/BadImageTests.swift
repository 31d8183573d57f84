import TestSupport
import Testing

/// Each with one sentence on standard error, its own status, and nothing lost or started.
@Suite("Images that cannot be run", .generousTimeLimit)
struct BadImageTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write([], to: "empty")
    try directory.write([0xFA, 0xF4], to: "tiny")
    try directory.write([UInt8](repeating: 0xF4, count: 3 << 20), to: "3M")
    try directory.write([0x1F, 0x8B, 8, 0], to: "gzip")
    var kernel = [UInt8](repeating: 0, count: 2048)
    kernel.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    try directory.write(kernel, to: "bzImage")
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let image: String
    let options: [String]
    /// What the sentence must say.
    let reason: String

    init(_ image: String, _ options: String..., reason: String) {
      self.image = image
      self.options = options
      self.reason = reason
    }

    var testDescription: String { ([image] + options).joined(separator: " ") }
  }

  private static let cases = [
    Case("missing", reason: "No such file"),
    Case("empty", reason: "is empty"),
    Case(".", reason: "is a directory"),
    Case("/dev/null", reason: "not a regular file"),
    Case("tiny/within", reason: "Not a directory"),
    Case("gzip", reason: "gzip file, nothing that can be booted; decompress it first"),
    Case("bzImage", reason: "has no Linux setup header"),
    Case("gzip", "--format", "elf", reason: "no whole ELF header"),
    Case("tiny", "--format", "multiboot", reason: "no Multiboot 1 header"),
    Case("tiny", "--format", "multiboot2", reason: "no Multiboot 2 header"),
    Case("3M", "--memory", "2M", reason: "more than the guest's memory"),
    Case("3M", "--memory", "3M", reason: "ends beyond the guest's memory"),
    Case("3M", "--load-address", "0x10000", reason: "overlaps the page tables"),
    Case("3M", "--mode", "real", reason: "video memory and ROMs"),
    Case("tiny", "--mode", "real", "--load-address", "0x100000", reason: "real mode"),
    Case("tiny", "--mode", "real", "--load-address", "0x6000", reason: "boot-information block"),
    Case("tiny", "--load-address", "0x1000", reason: "descriptor tables"),
    Case("tiny", "--load-address", "0x4060", reason: "descriptor tables"),
    Case("tiny", "--load-address", "0x6ff0", reason: "boot-information block"),
    Case("tiny", "--load-address", "0x8fff0", reason: "initial stack"),
    Case("tiny", "--mode", "protected", "--load-address", "0x80000", reason: "initial stack"),
    Case("tiny", "--load-address", "0xE0000000", reason: "framebuffer"),
    Case("tiny", "--load-address", "0xEFFFFFF0", reason: "framebuffer"),
    Case("3M", "--load-address", "0xDFF00000", reason: "framebuffer"),
    Case("tiny", "--load-address", "0xC0000000", reason: "beyond the guest's memory"),
    Case("tiny", "--load-address", "0xFFFFFFF0", reason: "beyond the guest's memory"),
  ]

  @Test("are refused before anything starts", arguments: cases)
  func refused(bad: Case) throws {
    let picture = try directory.write([1, 2, 3], to: "old.ppm")
    let run = try Scanline.finish(
      ChildProcess(
        [Scanline.path, "run", bad.image, "--screenshot", picture] + bad.options,
        directory: directory.path))
    #expect(run.end == .status(66))
    #expect(run.output == [])
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("scanline: image \(bad.image): "))
    #expect(run.errors.contains(bad.reason), "\(run.errors)")
    #expect(try directory.read("old.ppm") == [1, 2, 3])
  }

  @Test("a program of the host's is not taken for a kernel")
  func program() throws {
    let run = try Scanline.run("run", Scanline.path)
    #expect(run.end == .status(66))
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("is a program for an operating system, not a kernel"))
  }

  @Test(
    "options that do not go with an image are wrong usage",
    arguments: [
      (["--load-address", "0x200000"], "says where it is loaded"),
      (["--mode", "long"], "mode long"), (["--entry", "0x100000"], "entry 0x100000"),
      (["--format", "elf", "--module", "tiny"], "module tiny"),
      (["--format", "elf", "--load-address", "0x200000"], "says where it is loaded"),
    ])
  func contradictions(options: [String], reason: String) throws {
    let run = try Scanline.finish(
      ChildProcess(
        [Scanline.path, "run", GuestImages.path("multiboot")] + options,
        directory: directory.path))
    #expect(run.end == .status(64))
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains(reason), "\(run.errors)")
  }

  @Test("a module that cannot be read is named")
  func missingModule() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("multiboot"), "--module", directory.file("missing") + "=text")
    #expect(run.end == .status(66))
    #expect(run.errors.contains("missing: No such file"))
  }
}
