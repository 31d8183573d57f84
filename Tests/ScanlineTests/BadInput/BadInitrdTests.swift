import TestSupport
import Testing

/// One sentence on standard error, that names the initrd, and nothing is started.
@Suite("Initrds that cannot be", .generousTimeLimit)
struct BadInitrdTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    try directory.write([], to: "empty")
    try directory.write([1, 2, 3], to: "small")
    try directory.write([UInt8](repeating: 7, count: 3 << 20), to: "3M")
  }

  private func refusal(
    _ image: String, _ initrd: String, _ options: String...
  ) throws -> (status: ChildProcess.End, text: String) {
    let run = try Scanline.finish(
      ChildProcess(
        [Scanline.path, "run", try GuestImages.path(image), "--initrd", initrd] + options,
        directory: directory.path))
    #expect(run.output == [])
    #expect(run.errorLines.count == 1)
    return (run.end, run.errors)
  }

  @Test(
    "are refused",
    arguments: [
      ("missing", "No such file"), ("empty", "is empty"), (".", "is a directory"),
      ("/dev/null", "not a regular file"),
    ])
  func file(initrd: String, reason: String) throws {
    let (status, text) = try refusal("bzimage", initrd)
    #expect(status == .status(66))
    #expect(text.hasPrefix("scanline: initrd \(initrd): "), "\(text)")
    #expect(text.contains(reason), "\(text)")
  }

  @Test("one that does not fit behind the kernel says how much memory it needs")
  func tooLarge() throws {
    let (status, text) = try refusal("bzimage", "3M", "--memory", "18M")
    #expect(status == .status(66))
    #expect(text.hasPrefix("scanline: initrd 3M: 3145728 bytes do not fit"), "\(text)")
    #expect(text.contains("raise --memory to 20M"), "\(text)")
  }

  @Test("an image that knows of no initrd is not handed one")
  func noKernel() throws {
    let (status, text) = try refusal("hello64", "small")
    #expect(status == .status(64))
    #expect(text.contains("initrd small") && text.contains("leave out --initrd"), "\(text)")
  }

  @Test("a kernel with too little memory says what it needs")
  func memory() throws {
    let (status, text) = try refusal("bzimage", "small", "--memory", "16M")
    #expect(status == .status(66))
    #expect(text.contains("needs memory from 0x1000000"), "\(text)")
    #expect(text.contains("raise --memory to 17M"), "\(text)")
  }

  @Test("a command line that is longer than the kernel takes is refused")
  func commandLine() throws {
    let (status, text) = try refusal(
      "bzimage", "small", "--append", String(repeating: "x", count: 256))
    #expect(status == .status(64))
    #expect(text.contains("256 bytes are more than the 255"), "\(text)")
  }
}
