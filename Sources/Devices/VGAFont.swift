/// A font of 256 characters of code page 437, 8 dots wide.
public struct VGAFont: Sendable {
  /// Scanlines of a character: 8, 14 or 16.
  public let height: Int
  /// ``height`` bytes a character, one a scanline from the top, bit 7 the leftmost dot.
  public let glyphs: [UInt8]

  /// For 50 rows of text, and for characters in mode 13h.
  public static let size8x8 = VGAFont(height: 8, glyphs: [UInt8](repeating: 0, count: 8 * 256))
  /// For 28 rows of text, and what an EGA has.
  public static let size8x14 = VGAFont(height: 14, glyphs: [UInt8](repeating: 0, count: 14 * 256))
  /// For 25 rows of text.
  public static let size8x16 = VGAFont(height: 16, glyphs: [UInt8](repeating: 0, count: 16 * 256))

  /// The same glyphs in 32 bytes each, as the character generator has them in plane 2.
  var characterMap: [UInt8] {
    var map = [UInt8](repeating: 0, count: 32 * 256)
    for character in 0..<256 {
      for line in 0..<height { map[32 * character + line] = glyphs[height * character + line] }
    }
    return map
  }
}
