public import ArgumentParser
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

/// A video mode such as `1024x768x32`, or `none`.
struct FramebufferArgument {
  /// nil for a machine without a framebuffer.
  let mode: FramebufferMode?

  init(mode: FramebufferMode?) {
    self.mode = mode
  }

  init(argument: String) throws(ArgumentError) {
    if argument == "none" {
      self.init(mode: nil)
      return
    }
    let numbers = argument.split(separator: "x", omittingEmptySubsequences: false).map {
      Int($0)
    }
    guard numbers.count == 3, let width = numbers[0], let height = numbers[1],
      let depth = numbers[2],
      let mode = FramebufferMode(width: width, height: height, bitsPerPixel: depth)
    else {
      throw ArgumentError(
        description:
          "give WIDTHxHEIGHTxDEPTH with 1x1 to 16000x12000 pixels of 8, 15, 16, 24 or 32 "
          + "bits, 256M in all at most, such as 1024x768x32, or none")
    }
    self.init(mode: mode)
  }
}

/// A time in seconds, with a fraction if need be: `10`, `0.5`.
struct Seconds {
  let nanoseconds: UInt64

  init(argument: String) throws(ArgumentError) {
    // A year is more than anybody waits, and keeps the nanoseconds in range.
    guard let seconds = Double(argument), seconds > 0, seconds <= 31_536_000 else {
      throw ArgumentError(description: "give a number of seconds above 0, such as 10 or 0.5")
    }
    nanoseconds = UInt64(seconds * 1e9)
  }
}

extension CPUMode: ExpressibleByArgument {}
extension MachineConfiguration.InterruptController: ExpressibleByArgument {}

/// Digits only: no sign, no space. Hexadecimal with `0x`.
private func parseInteger(_ text: Substring) -> UInt64? {
  let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
  let digits = isHexadecimal ? text.dropFirst(2) : text
  guard digits.first?.isHexDigit == true else { return nil }
  return UInt64(digits, radix: isHexadecimal ? 16 : 10)
}
