/// A font of 256 characters of code page 437, 8 dots wide.
public struct VGAFont: Sendable {
  /// Scanlines of a character: 8, 14 or 16.
  public let height: Int
  /// ``height`` bytes a character, one a scanline from the top, bit 7 the leftmost dot.
  public let glyphs: [UInt8]

  /// For 50 rows of text, and for characters in mode 13h.
  public static let size8x8 = VGAFont(height: 8, glyphs: bytes(ofHexadecimal: glyphs8x8))
  /// For 28 rows of text, and what an EGA has: the next size without its first and last line.
  public static let size8x14 = VGAFont(height: 14, of: size8x16, from: 1)
  /// For 25 rows of text.
  public static let size8x16 = VGAFont(height: 16, glyphs: bytes(ofHexadecimal: glyphs8x16))

  private init(height: Int, glyphs: [UInt8]) {
    self.height = height
    self.glyphs = glyphs
  }

  /// Lines from the middle of a higher font's.
  private init(height: Int, of font: VGAFont, from first: Int) {
    self.height = height
    glyphs = (0..<256).flatMap { character in
      let start = font.height * character + first
      return font.glyphs[start..<start + height]
    }
  }

  /// The bytes that pairs of hexadecimal digits stand for; everything else is white space.
  private static func bytes(ofHexadecimal text: StaticString) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 * 256)
    var high: UInt8?
    let count = text.utf8CodeUnitCount
    for index in 0..<count {
      let unit = unsafe text.utf8Start[index]
      let digit: UInt8
      switch unit {
      case 0x30...0x39: digit = unit &- 0x30
      case 0x41...0x46: digit = unit &- 0x41 &+ 10
      default: continue
      }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return bytes
  }

  /// The same glyphs in 32 bytes each, as the character generator has them in plane 2.
  var characterMap: [UInt8] {
    var map = [UInt8](repeating: 0, count: 32 * 256)
    for (index, byte) in glyphs.enumerated() {
      let (character, line) = index.quotientAndRemainder(dividingBy: height)
      map[32 * character + line] = byte
    }
    return map
  }
}
