/// Red, green and blue as light: 0 to 1, and above 1 before they are clamped.
typealias Color = SIMD3<Float>

extension Color {
  /// A colour as `0xRRGGBB`.
  init(hex: UInt32) {
    self.init(Float(hex >> 16 & 0xFF), Float(hex >> 8 & 0xFF), Float(hex & 0xFF))
    self /= 255
  }

  func mixed(with other: Color, _ share: Float) -> Color {
    self + (other - self) * share
  }
}

/// Colours at rising positions, blended in between.
func gradient<let count: Int>(
  _ stops: borrowing InlineArray<count, (at: Float, color: UInt32)>, at position: Float
) -> Color {
  var index = 1
  while index < count - 1, stops[index].at < position { index += 1 }
  let (from, to) = (stops[index - 1], stops[index])
  return Color(hex: from.color).mixed(
    with: Color(hex: to.color), unit((position - from.at) / (to.at - from.at)))
}

/// Clamped to 0...1.
func unit(_ value: Float) -> Float {
  min(max(value, 0), 1)
}

/// 0 at and below `low`, 1 at and above `high`, smooth in between.
func smooth(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = unit((value - low) / (high - low))
  return t * t * (3 - 2 * t)
}

/// A number in 0..<1 that looks random and is always the same.
func hash(_ x: Int, _ y: Int, _ salt: UInt32) -> Float {
  var mixed =
    UInt32(truncatingIfNeeded: x) &* 0x9E37_79B1 ^ UInt32(truncatingIfNeeded: y) &* 0x85EB_CA77
  mixed = (mixed ^ salt &* 0xC2B2_AE3D ^ (mixed >> 15)) &* 0x2C1B_3C6D
  mixed = (mixed ^ (mixed >> 12)) &* 0x297A_2D39
  mixed ^= mixed >> 15
  return Float(mixed >> 8) / Float(1 << 24)
}

/// The largest whole number not above `value`. (Baseline x86-64 has no instruction for it.)
func floor(_ value: Float) -> Float {
  let truncated = Float(Int(value))
  return truncated > value ? truncated - 1 : truncated
}

/// What is left above `floor`.
func fraction(_ value: Float) -> Float {
  value - floor(value)
}
