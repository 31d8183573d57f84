/// The plain: a grid in perspective, with the sun's reflection.
enum Ground {
  static let horizon: Float = 500

  static func color(_ u: Float, _ v: Float) -> Color {
    let below = max(v - horizon, 0.25)
    let depth = 60 / below
    var color = Color(hex: 0x12052E).mixed(with: Color(hex: 0x3A0C56), unit(1 - below / 150))

    // The reflection is cut into bands as the sun is.
    let spread = 110 + below * 0.35
    let across = u / spread
    let ripple = 0.55 + 0.45 * smooth(0.3, 0.7, abs(fraction(depth * 6) - 0.5) * 2)
    let reflection = ripple * unit(1 - below / 250) / (1 + across * across * across * across)
    color += Color(0.85, 0.22, 0.38) * (0.75 * reflection)

    // A pixel's size on the plain: a line that runs away is crossed sideways and, the more so the
    // further from the middle, lengthwise.
    let slant = u / below
    let sideways = depth / 46
    let along = line(
      fraction(u * sideways + 0.5), pixel: sideways * (1 + slant * slant).squareRoot(),
      width: 0.024)
    let lengthwise = depth * 4.2
    let acrossLine = line(fraction(lengthwise + 0.2), pixel: lengthwise / below, width: 0.034)
    let strength = max(along, acrossLine) * smooth(0, 60, below)
    color = color.mixed(
      with: Color(hex: 0xFF5FD2).mixed(with: Color(hex: 0x5FE8FF), unit(below / 268)), strength)
    // The horizon itself glows.
    return color + Color(1.0, 0.55, 0.5) / (1 + below * below * 0.06)
  }

  /// How strongly a grid line shows: its core and its glow. `position` is where the pixel is between
  /// two lines (a line is at 0.5), `pixel` its size in the same unit.
  private static func line(_ position: Float, pixel: Float, width: Float) -> Float {
    let distance = abs(position - 0.5)
    let core = unit((width / 2 - distance) / pixel + 0.5) * min(width / pixel, 1)
    let glow = 0.22 / (1 + distance * distance * 900)
    return unit(core + glow * unit(0.25 / pixel))
  }
}
