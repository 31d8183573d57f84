/// The palettes that a VGA BIOS loads, in 6-bit components.
extension VGADAC {
  /// For the text modes: the 64 colours of the EGA, by which the attribute controller's palette names
  /// them. Bits 2, 1 and 0 are two thirds of red, green and blue, bits 5, 4 and 3 the other third.
  static let textPalette: [UInt8] = {
    var components: [UInt8] = []
    for color in 0..<64 {
      for bit in [2, 1, 0] {
        let primary = color >> bit & 1
        let secondary = color >> (bit + 3) & 1
        components.append(UInt8(primary * 42 + secondary * 21))
      }
    }
    return components
  }()

  /// For the modes of a CGA: its 16 colours, by three bits and an intensity in bit 4, as their attribute
  /// palettes name them.
  static let cgaPalette: [UInt8] = (0..<64).flatMap { color in
    textColor(color & 7 | (color & 0x10) >> 1)
  }

  /// For mode 13h:
  ///
  /// - 0 to 15: the colours of the CGA and EGA;
  /// - 16 to 31: greys;
  /// - 32 to 247: nine turns through 24 hues: three brightnesses, each in three saturations;
  /// - 248 to 255: black.
  static let modeThirteenPalette: [UInt8] = {
    var components: [UInt8] = []
    components.reserveCapacity(768)
    for color in 0..<16 { components += textColor(color) }
    // By eye, not by a formula: the steps grow with the brightness.
    let greys: [UInt8] = [0, 5, 8, 11, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 56, 63]
    for grey in greys { components += [grey, grey, grey] }
    for (high, lows) in [(63, [0, 31, 45]), (28, [0, 14, 20]), (16, [0, 8, 11])] {
      for low in lows { appendHues(from: low, to: high, into: &components) }
    }
    components += [UInt8](repeating: 0, count: 768 - components.count)
    return components
  }()

  /// A colour of the text modes: bit 2 red, bit 1 green, bit 0 blue, bit 3 intensity.
  private static func textColor(_ color: Int) -> [UInt8] {
    // Dark yellow would be ugly, so IBM's monitors halved its green: brown.
    if color == 6 { return [42, 21, 0] }
    let intensity: UInt8 = color & 8 == 0 ? 0 : 21
    return [4, 2, 1].map { color & $0 == 0 ? intensity : 42 + intensity }
  }

  /// One turn: blue, magenta, red, yellow, green, cyan, and four steps from each to the next.
  private static func appendHues(from low: Int, to high: Int, into components: inout [UInt8]) {
    // Each leg moves one component, up or down.
    let legs: [(component: Int, rises: Bool)] = [
      (0, true), (2, false), (1, true), (0, false), (2, true), (1, false),
    ]
    var color = [low, low, high]
    for leg in legs {
      for step in 0..<4 {
        // The distance from the low end, rounded to the nearest, halves down.
        let distance = ((high - low) * (leg.rises ? step : 4 - step) + 1) / 4
        color[leg.component] = low + distance
        components += color.map { UInt8(truncatingIfNeeded: $0) }
      }
      color[leg.component] = leg.rises ? high : low
    }
  }
}
