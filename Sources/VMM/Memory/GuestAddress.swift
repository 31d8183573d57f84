/// A guest physical address.
public struct GuestAddress: RawRepresentable, Hashable, Comparable, Sendable,
  CustomStringConvertible, ExpressibleByIntegerLiteral
{
  public let rawValue: UInt64

  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  public init(integerLiteral value: UInt64) {
    self.rawValue = value
  }

  public static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }

  /// Hexadecimal with its prefix: `0x100000`.
  public var description: String {
    rawValue.hexadecimal
  }
}

extension FixedWidthInteger {
  /// The value as C writes it: `0x7c00`; zero-padded to `digits` when given.
  package func hexadecimal(digits: Int) -> String {
    let text = String(self, radix: 16)
    return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }

  /// The value as C writes it: `0x7c00`.
  package var hexadecimal: String {
    hexadecimal(digits: 1)
  }
}
