/// The name in a hand-made bitmap font, leaning, written by the beam scanline by scanline.
enum Wordmark {
  static let top: Float = 358
  static let height: Float = 112
  static let halfWidth: Float = 450
  /// How far the rim reaches above the letters, and the shadow below.
  static let reach: (above: Float, below: Float) = (3, 5)

  private static let columns = 64
  private static let cell = SIMD2<Float>(13, 16)
  private static let lean: Float = 0.2
  private static let beamPeriod: Float = 4

  /// One bit a cell, the leftmost the highest. Letters stand two cells apart.
  private static let bitmap: InlineArray<7, UInt64> = [
    0b0111111_00_0111111_00_0011100_00_1100011_00_110000_00_11_00_1100011_00_1111111,
    0b1100000_00_1100000_00_0110110_00_1110011_00_110000_00_11_00_1110011_00_1100000,
    0b1100000_00_1100000_00_1100011_00_1111011_00_110000_00_11_00_1111011_00_1100000,
    0b0111110_00_1100000_00_1100011_00_1111111_00_110000_00_11_00_1111111_00_1111110,
    0b0000011_00_1100000_00_1111111_00_1101111_00_110000_00_11_00_1101111_00_1100000,
    0b0000011_00_1100000_00_1100011_00_1100111_00_110000_00_11_00_1100111_00_1100000,
    0b1111110_00_0111111_00_1100011_00_1100011_00_111111_00_11_00_1100011_00_1111111,
  ]

  static func draw(over color: Color, _ u: Float, _ v: Float) -> Color {
    var color = color
    // A dark rim and a shadow set the letters off against the sun.
    var rim = coverage(u - 4, v - 5) * 0.8
    for step in -1...1 {
      let reach = Float(step) * 3
      rim = max(rim, coverage(u + reach, v - 3), coverage(u + reach, v + 3))
      rim = max(rim, coverage(u + reach, v))
    }
    color = color.mixed(with: Color(hex: 0x14062E), rim * 0.88)

    let letters = coverage(u, v)
    guard letters > 0 else { return color }
    let metal = gradient(
      [
        (0, 0xFFFFFF), (0.42, 0x9FF4FF), (0.50, 0x3FC4FF), (0.54, 0xFFF3FF), (0.8, 0xFFB8F0),
        (1, 0xFF6FD8),
      ], at: (v - top) / height)
    // Three bright scanlines and a dim one: the beam's trace.
    let phase = (v - top) / beamPeriod
    let dim: Float = fraction(phase) > 0.7 ? 0.45 : 1
    return color.mixed(with: metal * dim, letters)
  }

  /// How much of the pixel the letters cover, by four samples side by side.
  private static func coverage(_ u: Float, _ v: Float) -> Float {
    let row = (v - top) / cell.y
    guard row >= 0, row < Float(bitmap.count) else { return 0 }
    let bits = bitmap[Int(row)]
    let x = u + lean * (v - top - height / 2) + Float(columns) / 2 * cell.x
    var covered: Float = 0
    for sample in 0..<4 {
      let column = floor((x + Float(sample) * 0.25 - 0.375) / cell.x)
      if column >= 0, column < Float(columns), (bits << UInt64(column)) >> 63 == 1 {
        covered += 0.25
      }
    }
    return covered
  }
}
