extension ImageFile {
  /// The built-in demonstration guest, whose source is `guests/demo`.
  public static var demo: ImageFile {
    ImageFile(name: "demo", bytes: decode(DemoImage.hex))
  }

  /// The bytes of a text of hexadecimal digits, which is generated and therefore well-formed.
  private static func decode(_ hex: StaticString) -> [UInt8] {
    hex.withUTF8Buffer { digits in
      (0..<digits.count / 2).map { index in
        unsafe nibble(digits[2 * index]) << 4 | nibble(digits[2 * index + 1])
      }
    }
  }

  private static func nibble(_ digit: UInt8) -> UInt8 {
    digit <= UInt8(ascii: "9") ? digit &- UInt8(ascii: "0") : digit &- UInt8(ascii: "a") &+ 10
  }
}
