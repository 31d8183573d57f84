/// The evening sky: a vertical gradient, and stars that thin out towards the horizon.
enum Sky {
  static func background(_ v: Float) -> Color {
    gradient(
      [
        (0, 0x05041A), (200, 0x120834), (340, 0x2C0B4E), (440, 0x5C1463), (486, 0xA62A6C),
        (500, 0xE8607A),
      ], at: v)
  }

  /// One star in each square cell, or none; it stays away from the cell's border so that no star is
  /// cut off.
  static func stars(_ u: Float, _ v: Float) -> Color {
    let size: Float = 34
    let column = Int(floor(u / size))
    let row = Int(floor(v / size))
    let crowding = 0.66 / (1 + Float(row) * size / 260)
    guard hash(column, row, 1) < crowding else { return .zero }
    let margin: Float = 7
    let x = (Float(column) * size) + margin + hash(column, row, 2) * (size - 2 * margin)
    let y = (Float(row) * size) + margin + hash(column, row, 3) * (size - 2 * margin)
    let magnitude = hash(column, row, 4)
    let brightness = 0.22 + 0.9 * magnitude * magnitude * magnitude
    let dx = u - x
    let dy = v - y
    let squared = dx * dx + dy * dy
    var light = brightness * unit(1.6 - squared.squareRoot())
    if magnitude > 0.9 {
      // The brightest have a halo and the four rays of a lens.
      let rays = (magnitude - 0.88) * 8
      light += 0.28 * rays * unit(1 - squared / 40)
      light += rays * unit(1 - abs(dx) / 7) * unit(1 - abs(dy))
      light += rays * unit(1 - abs(dy) / 7) * unit(1 - abs(dx))
    }
    let tint = Color(hex: hash(column, row, 5) < 0.5 ? 0xCFE4FF : 0xFFE6F2)
    return tint * (light * (1 - smooth(300, 430, v)))
  }
}
