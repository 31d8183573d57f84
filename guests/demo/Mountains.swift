/// Two ridges at the horizon, low in the middle where the sun rises.
enum Mountains {
  /// The ridge's scanline at `u`.
  static func ridge(_ u: Float, far: Bool) -> Float {
    let salt: UInt32 = far ? 21 : 11
    let rough = peaks(u / (far ? 71 : 103), salt) * 0.62 + peaks(u / (far ? 29 : 37), salt + 1) * 0.27
      + peaks(u / 11, salt + 2) * 0.11
    let side = smooth(90, 520, abs(u))
    return Ground.horizon - (far ? 10 + 118 * side * (0.35 + rough) : 3 + 96 * side * side * rough)
  }

  static func color(_ v: Float, ridge: Float, far: Bool) -> Color {
    let depth = unit((v - ridge) / 90)
    let top = Color(hex: far ? 0x4B1A6B : 0x220B45)
    let foot = Color(hex: far ? 0xA83A7E : 0x53156A)
    let rim = unit(1 - abs(v - ridge - 0.8) / 1.6)
    return top.mixed(with: foot, depth) + Color(hex: far ? 0xFF7FA8 : 0xFF4FA0) * (rim * 0.55)
  }

  /// Straight slopes between random heights.
  private static func peaks(_ position: Float, _ salt: UInt32) -> Float {
    let cell = floor(position)
    let left = hash(Int(cell), 0, salt)
    return left + (hash(Int(cell) + 1, 0, salt) - left) * (position - cell)
  }
}
