public import ArgumentParser
public import VMM

/// A number of bytes: `64M`, `1G`, `512K`, or bytes.
struct ByteCount: ExpressibleByArgument {
  let bytes: UInt64

  init(bytes: UInt64) {
    self.bytes = bytes
  }

  init?(argument: String) {
    let shift: UInt64
    switch argument.last {
    case "K", "k": shift = 10
    case "M", "m": shift = 20
    case "G", "g": shift = 30
    default: shift = 0
    }
    let digits = shift == 0 ? argument[...] : argument.dropLast()
    guard let number = parseInteger(digits), number <= UInt64.max >> shift else { return nil }
    bytes = number << shift
  }

  var defaultValueDescription: String {
    bytes % (1 << 20) == 0 ? "\(bytes >> 20)M" : "\(bytes)"
  }
}

extension GuestAddress: ExpressibleByArgument {
  /// Decimal, or hexadecimal with `0x`.
  public init?(argument: String) {
    guard let value = parseInteger(argument[...]) else { return nil }
    self.init(value)
  }
}

/// A video mode such as `1024x768x32`, or `none`.
struct FramebufferArgument: ExpressibleByArgument {
  /// nil for a machine without a framebuffer.
  let mode: FramebufferMode?

  init(mode: FramebufferMode?) {
    self.mode = mode
  }

  init?(argument: String) {
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
    else { return nil }
    self.init(mode: mode)
  }

  var defaultValueDescription: String { mode?.description ?? "none" }
}

/// A time in seconds, with a fraction if need be: `10`, `0.5`.
struct Seconds: ExpressibleByArgument {
  let nanoseconds: UInt64

  init?(argument: String) {
    // A year is more than anybody waits, and keeps the nanoseconds in range.
    guard let seconds = Double(argument), seconds > 0, seconds <= 31_536_000 else { return nil }
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
