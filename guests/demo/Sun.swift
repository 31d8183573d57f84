/// The sun: a disc cut into scanlines that thin out downwards.
struct Sun {
  static let radius: Float = 196
  static let restingPlace: Float = 322
  let center: Float

  /// `rise` is 0 when only the rim shows and 1 in the final place.
  init(rise: Float) {
    center = Self.restingPlace + (1 - rise) * 330
  }

  /// How much of the pixel the disc's bright bands cover.
  func coverage(_ u: Float, _ v: Float) -> Float {
    let dy = v - center
    let distance = (u * u + dy * dy).squareRoot()
    return unit(Self.radius - distance + 0.5) * bands(dy)
  }

  /// Whether the point is within the disc, be it in a gap.
  func covers(_ u: Float, _ v: Float) -> Bool {
    let dy = v - center
    return u * u + dy * dy < Self.radius * Self.radius
  }

  func color(_ v: Float) -> Color {
    gradient(
      [
        (-1, 0xFFF6B0), (-0.55, 0xFFD75E), (0, 0xFF8E4A), (0.5, 0xFF4A72), (1, 0xF02A96),
      ], at: (v - center) / Self.radius)
  }

  /// 1 in a band, 0 in a gap; the gaps begin above the middle and grow.
  private func bands(_ dy: Float) -> Float {
    let first: Float = -40
    let period: Float = 26
    guard dy > first else { return 1 }
    let position = (dy - first) / period
    let gap = 2 + 1.6 * floor(position)
    let inside = fraction(position) * period
    let fromGap = abs(inside - period / 2) - gap / 2
    return unit(fromGap + 0.5)
  }

  /// The light around the final place. It does not move with the disc, so that a frame of the
  /// sunrise changes the disc's scanlines only.
  static func glow(_ u: Float, _ v: Float) -> Color {
    let dy = v - restingPlace - 60
    let distance = (u * u * 0.8 + dy * dy).squareRoot() / 330
    let falloff = 1 / (1 + distance * distance * distance * distance)
    return Color(0.34, 0.07, 0.26) * falloff
  }
}
