/// The evening sky: a vertical gradient, and stars that thin out towards the horizon.
enum Sky {
  static func background(_ v: Float) -> Color {
    gradient(
      [
        (0, 0x05041A), (190, 0x170A3C), (330, 0x43115F), (430, 0x8E1F70), (480, 0xD8486F),
        (500, 0xFF9A6A),
      ], at: v)
  }

  /// One star in each square cell, or none; it stays away from the cell's border so that no star is
  /// cut off.
  static func stars(_ u: Float, _ v: Float) -> Color {
    let size: Float = 34
    let column = Int(floor(u / size))
    let row = Int(floor(v / size))
    let presence = hash(column, row, 1) * (1 + v / 260)
    guard presence < 0.62 else { return .zero }
    let margin: Float = 7
    let x = (Float(column) * size) + margin + hash(column, row, 2) * (size - 2 * margin)
    let y = (Float(row) * size) + margin + hash(column, row, 3) * (size - 2 * margin)
    let magnitude = hash(column, row, 4)
    let brightness = 0.2 + 1.1 * magnitude * magnitude * magnitude
    let dx = u - x
    let dy = v - y
    let squared = dx * dx + dy * dy
    var light = brightness * unit(1.6 - squared.squareRoot())
    if magnitude > 0.86 {
      // The brightest have a halo and the four rays of a lens.
      light += 0.30 * unit(1 - squared / 40)
      light += 0.8 * unit(1 - abs(dx) / 7) * unit(1 - abs(dy))
      light += 0.8 * unit(1 - abs(dy) / 7) * unit(1 - abs(dx))
    }
    let tint = Color(hex: hash(column, row, 5) < 0.5 ? 0xCFE4FF : 0xFFE6F2)
    return tint * (light * (1 - smooth(300, 430, v)))
  }
}
