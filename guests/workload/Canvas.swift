/// The screen, and the count of the scanlines drawn on it.
struct Canvas {
  /// Scanlines in a line of text.
  static let textHeight = 16
  private static let textWidth = 8

  let screen: Screen
  var progress = Progress()
  private var random: UInt64 = 1

  init(screen: Screen) {
    self.screen = screen
  }

  @inline(__always)
  mutating func fill(x: Range<Int>, y: Range<Int>, color: (Int, Int) -> UInt32) {
    for line in y {
      for column in x { screen[column, line] = color(column, line) }
      progress.count()
    }
  }

  mutating func moveUp(lines: Range<Int>, by distance: Int) {
    for line in lines {
      for column in 0..<screen.width { screen[column, line] = screen[column, line + distance] }
      progress.count()
    }
  }

  /// A full line of characters that nobody can read: their shapes are hashes of `seed`.
  mutating func drawText(_ row: Int, seed: Int) {
    let top = row * Self.textHeight
    fill(x: 0..<screen.width, y: top..<top + Self.textHeight) { x, y in
      let character = UInt64(truncatingIfNeeded: seed &* 251 &+ x / Self.textWidth)
      let shape = (character &* 16 &+ UInt64(y - top)) &* 0x9E37_79B9_7F4A_7C15
      // Three of eight pixels are ink, about as many as in a dense font.
      return (shape >> (32 + UInt64(x % Self.textWidth) &* 3)) & 7 < 3 ? 0xC0C0C0 : 0
    }
  }

  static func pattern(_ x: Int, _ y: Int) -> UInt32 {
    rgb(x & 0xFF, y & 0xFF, (x ^ y) & 0xFF)
  }

  /// A linear congruential generator; its high bits are good enough.
  mutating func nextRandom() -> UInt64 {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return random
  }
}
