import Testing
import VMM

@testable import ScanlineCommands

@Suite("Values on the command line", .generousTimeLimit)
struct ArgumentTests {
  @Test("options that are not given mean what a run without the option parser has")
  func defaults() throws {
    let command = try #require(
      ScanlineCommand.parseCommand(["run", "image.bin"]) as? RunCommand)
    let run = try MachineRun(command.machine, display: command.display, trace: command.trace)
    let plain = MachineRun()
    #expect(Self.dumped(run.configuration) == Self.dumped(plain.configuration))
    #expect(command.host.devicePath == plain.configuration.device)
    #expect(run.screenshot == nil && run.heatmap == nil && run.stats == nil && run.timeout == nil)
    #expect(try run.tracing?.configuration() == nil)
    #expect((run.input, run.verbose, run.quiet) == (plain.input, plain.verbose, plain.quiet))
    #expect(Self.dumped(try command.image.bootOptions(nil)) == Self.dumped(BootOptions()))
  }

  /// All properties, those without an equality included.
  private static func dumped(_ value: some Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text
  }

  @Test(
    "sizes are bytes, or K, M, G of them",
    arguments: [
      ("0", 0), ("4096", 4096), ("0x1000", 4096), ("1K", 1024), ("2k", 2048), ("64M", 64 << 20),
      ("1m", 1 << 20), ("3G", 3 << 30), ("17179869183G", 17_179_869_183 << 30),
      ("18446744073709551615", UInt64.max),
    ])
  func size(argument: String, bytes: UInt64) throws {
    #expect(try ByteCount(argument: argument).bytes == bytes)
  }

  @Test(
    "what is no size is refused",
    arguments: [
      "", "K", "M", "-1", "+1", " 1", "1 ", "1.5G", "1T", "1MB", "M1", "0x", "0xG", "1e6", "١",
      "17179869184G", "99999999999G", "18446744073709551616",
    ])
  func noSize(argument: String) {
    #expect(throws: ArgumentError.self) { try ByteCount(argument: argument) }
  }

  @Test(
    "addresses are decimal, or hexadecimal with 0x",
    arguments: [
      ("0", 0), ("1048576", 0x10_0000), ("0x7C00", 0x7C00), ("0X7c00", 0x7C00),
      ("0xFFFFFFFFFFFFFFFF", UInt64.max),
    ])
  func address(argument: String, value: UInt64) throws {
    #expect(try GuestAddress(argument: argument).rawValue == value)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "", "0x", "x10", "7C00", "-1", "0x-1", "+0x10", "0x1_000", "1 ", "1M",
      "0x10000000000000000", "99999999999999999999",
    ])
  func noAddress(argument: String) {
    #expect(throws: ArgumentError.self) { try GuestAddress(argument: argument) }
  }

  @Test(
    "the debug exit is a port, and a size if need be",
    arguments: [
      ("0xF4", 0xF4...0xF7), ("0xf4,1", 0xF4...0xF4), ("1281,2", 0x501...0x502),
      ("0xFFFF,1", 0xFFFF...0xFFFF), ("0xFFFC", 0xFFFC...0xFFFF), ("0,0x4", 0...3), ("none", nil),
    ] as [(String, ClosedRange<UInt16>?)])
  func debugExit(argument: String, ports: ClosedRange<UInt16>?) throws {
    #expect(try DebugExitArgument(argument: argument).ports == ports)
  }

  @Test(
    "what is no debug exit is refused",
    arguments: [
      "", ",", "0xF4,", ",4", "0xF4,0", "0xF4,3", "0xF4,8", "0xF4,4,4", "0x10000", "0xFFFF,2",
      "0xFFFD", "-1", "F4", "None", "0xF4, 4", "0xF4,18446744073709551616",
    ])
  func noDebugExit(argument: String) {
    #expect(throws: ArgumentError.self) { try DebugExitArgument(argument: argument) }
  }

  @Test(
    "times are seconds, with a fraction if need be",
    arguments: [
      ("1", 1_000_000_000), ("0.5", 500_000_000), ("1e-9", 1),
      ("31536000", 31_536_000_000_000_000),
    ])
  func seconds(argument: String, nanoseconds: UInt64) throws {
    #expect(try Seconds(argument: argument).nanoseconds == nanoseconds)
  }

  @Test(
    "what is no time to wait is refused",
    arguments: ["", "0", "-1", "-0", "abc", "nan", "inf", "-inf", "1e300", "31536001", "1s", " 1"])
  func noSeconds(argument: String) {
    #expect(throws: ArgumentError.self) { try Seconds(argument: argument) }
  }

  @Test(
    "a video mode is width, height and depth",
    arguments: [
      ("1024x768x32", 1024, 768, 32), ("1x1x8", 1, 1, 8), ("16000x1x15", 16000, 1, 15),
      ("640x480x24", 640, 480, 24),
    ])
  func mode(argument: String, width: Int, height: Int, depth: Int) throws {
    let value = try FramebufferArgument(argument: argument)
    #expect(try value.mode() == FramebufferMode(width: width, height: height, bitsPerPixel: depth))
  }

  @Test("none is a machine without a framebuffer")
  func noMode() throws {
    let argument = try FramebufferArgument(argument: "none")
    #expect(try argument.mode() == nil)
  }

  @Test(
    "what is no video mode is refused",
    arguments: [
      "", "x", "xx", "1024x768", "1024x768x", "x768x32", "1024x768x32x1", "1024*768*32", "None",
      "1024 x768x32", "99999999999999999999x1x32", "0x10x0x10x32",
    ])
  func noModeSyntax(argument: String) {
    #expect(throws: ArgumentError.self) { try FramebufferArgument(argument: argument) }
  }

  @Test(
    "a video mode beyond the machine's limits is told which",
    arguments: [
      ("0x0x32", "size"), ("1x0x32", "size"), ("-1x1x32", "size"), ("16001x1x32", "size"),
      ("1x12001x32", "size"), ("640x480x7", "depth"), ("640x480x0", "depth"),
      ("16000x12000x32", "256M"), ("9223372036854775807x9223372036854775807x32", "size"),
    ])
  func impossibleMode(argument: String, reason: String) throws {
    let value = try FramebufferArgument(argument: argument)
    let error = #expect(throws: VMMError.self) { try value.mode() }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains(reason) == true)
    #expect(error?.description.contains(argument) == true)
  }
}
