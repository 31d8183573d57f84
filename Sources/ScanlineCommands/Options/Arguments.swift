import ArgumentParser
import Devices
import Display
public import VMM

/// Why an argument cannot be what it should: the end of the sentence that names both.
struct ArgumentError: Error, CustomStringConvertible {
  let description: String
}

/// A number of bytes: `64M`, `1G`, `512K`, or bytes.
struct ByteCount {
  let bytes: UInt64

  init(bytes: UInt64) {
    self.bytes = bytes
  }

  init(argument: String) throws(ArgumentError) {
    let shift: UInt64
    switch argument.last {
    case "K", "k": shift = 10
    case "M", "m": shift = 20
    case "G", "g": shift = 30
    default: shift = 0
    }
    let digits = shift == 0 ? argument[...] : argument.dropLast()
    guard let number = parseInteger(digits), number <= UInt64.max >> shift else {
      throw ArgumentError(description: "give a number with K, M or G, such as 64M")
    }
    bytes = number << shift
  }
}

extension GuestAddress {
  /// Decimal, or hexadecimal with `0x`.
  init(argument: String) throws(ArgumentError) {
    guard let value = parseInteger(argument[...]) else {
      throw ArgumentError(description: "give an address such as 0x100000")
    }
    self.init(value)
  }
}

/// The ports of `isa-debug-exit`, such as `0xF4` or `0x501,2`, or `none`.
struct DebugExitArgument {
  /// nil for a machine without the device.
  let ports: ClosedRange<UInt16>?

  /// Where it is by default.
  init() {
    ports = ISADebugExit.defaultPorts
  }

  init(argument: String) throws(ArgumentError) {
    if argument == "none" {
      ports = nil
      return
    }
    let parts = argument.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parseInteger(parts[0]), let base = UInt16(exactly: first),
      let size = parts.count == 1 ? 4 : parseInteger(parts[1]), [1, 2, 4].contains(size)
    else {
      throw ArgumentError(
        description: "give PORT or PORT,SIZE with a port up to 0xFFFF and a size of 1, 2 or 4, "
          + "such as 0xF4 or 0x501,2; or none")
    }
    let (last, isBeyond) = base.addingReportingOverflow(UInt16(size - 1))
    guard !isBeyond else {
      throw ArgumentError(description: "give ports up to 0xFFFF: a lower PORT or a smaller SIZE")
    }
    ports = base...last
  }
}

/// A video mode such as `1024x768x32`, or `none`.
struct FramebufferArgument {
  private struct Numbers {
    let width: Int
    let height: Int
    let depth: Int
  }

  private let text: String
  /// nil for a machine without a framebuffer.
  private let numbers: Numbers?

  init(argument: String) throws(ArgumentError) {
    text = argument
    if argument == "none" {
      numbers = nil
      return
    }
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let width = parts[0], let height = parts[1], let depth = parts[2]
    else {
      throw ArgumentError(description: "give WIDTHxHEIGHTxDEPTH, such as 1024x768x32, or none")
    }
    numbers = Numbers(width: width, height: height, depth: depth)
  }

  /// The mode; nil for none. An error that says which of the machine's limits it exceeds.
  func mode() throws(VMMError) -> FramebufferMode? {
    guard let numbers else { return nil }
    let mode = FramebufferMode(
      width: numbers.width, height: numbers.height, bitsPerPixel: numbers.depth)
    if let mode { return mode }
    throw VMMError(.usage, "framebuffer \(text): \(complaint(about: numbers))")
  }

  private func complaint(about numbers: Numbers) -> String {
    if PixelFormat(bitsPerPixel: numbers.depth) == nil {
      return "has no known depth; choose 8, 15, 16, 24 or 32"
    }
    let widths = 1...FramebufferMode.maximumWidth
    let heights = 1...FramebufferMode.maximumHeight
    guard widths.contains(numbers.width), heights.contains(numbers.height) else {
      return "is no size that a screen can have; choose 1x1 to "
        + "\(FramebufferMode.maximumWidth)x\(FramebufferMode.maximumHeight)"
    }
    return "needs more than the \(MemoryMap.maximumVideoMemory >> 20)M of video memory that there "
      + "can be; choose a smaller mode"
  }
}

/// A time in seconds, with a fraction if need be: `10`, `0.5`.
struct Seconds {
  let nanoseconds: UInt64

  init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  init(argument: String) throws(ArgumentError) {
    // A year is more than anybody waits, and keeps the nanoseconds in range.
    guard let seconds = Double(argument), seconds > 0, seconds <= 31_536_000 else {
      throw ArgumentError(description: "give a number of seconds above 0, such as 10 or 0.5")
    }
    nanoseconds = UInt64(seconds * 1e9)
  }
}

extension CPUMode: WordArgument {}
extension MachineConfiguration.InterruptController: WordArgument {}
extension ResetAction: WordArgument {}
extension VGAPresence: WordArgument {}

/// Digits only: no sign, no space. Hexadecimal with `0x`.
private func parseInteger(_ text: Substring) -> UInt64? {
  let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
  let digits = isHexadecimal ? text.dropFirst(2) : text
  guard digits.first?.isHexDigit == true else { return nil }
  return UInt64(digits, radix: isHexadecimal ? 16 : 10)
}
extension DirtyLogStress.Order: WordArgument {}
