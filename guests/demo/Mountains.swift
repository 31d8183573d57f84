/// Two ridges at the horizon, low in the middle where the sun rises.
enum Mountains {
  static func draw(over color: Color, _ u: Float, _ v: Float) -> Color {
    let side = smooth(90, 520, abs(u))
    let far = Ridge(
      salt: 21, slopes: SIMD3(71, 29, 11), base: 3 + 34 * side, range: 12 + 112 * side,
      top: Color(hex: 0x4B1A6B), foot: Color(hex: 0xA83A7E), rim: Color(hex: 0x8C465C))
    let near = Ridge(
      salt: 11, slopes: SIMD3(103, 37, 11), base: 2, range: 96 * side * side,
      top: Color(hex: 0x220B45), foot: Color(hex: 0x53156A), rim: Color(hex: 0x8C2B58))
    return near.draw(over: far.draw(over: color, u, v), u, v)
  }
}

/// Straight slopes of three sizes, `base` to `base + range` above the horizon.
private struct Ridge {
  let salt: UInt32
  let slopes: SIMD3<Float>
  let base: Float
  let range: Float
  let top: Color
  let foot: Color
  let rim: Color

  func draw(over color: Color, _ u: Float, _ v: Float) -> Color {
    // Most of the sky is above whatever the ridge can be here.
    guard v > Ground.horizon - base - range - 1 else { return color }
    let rough =
      peaks(u / slopes.x, salt) * 0.62 + peaks(u / slopes.y, salt + 1) * 0.27
      + peaks(u / slopes.z, salt + 2) * 0.11
    let below = v - (Ground.horizon - base - range * rough)
    guard below > -0.5 else { return color }
    let edge = unit(1 - abs(below - 0.8) / 1.6)
    let slope = top.mixed(with: foot, unit(below / 90)) + rim * edge
    return color.mixed(with: slope, unit(below + 0.5))
  }

  /// Straight slopes between random heights.
  private func peaks(_ position: Float, _ salt: UInt32) -> Float {
    let cell = floor(position)
    let left = hash(Int(cell), 0, salt)
    return left + (hash(Int(cell) + 1, 0, salt) - left) * (position - cell)
  }
}
