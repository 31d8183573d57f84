/// The modes that ``VGA/setMode(_:)`` programs.
public enum VGAMode: CaseIterable, Sendable {
  /// BIOS modes 0 and 1: 40 columns, 25 rows, characters of 9 x 16 dots.
  case text40x25
  /// BIOS modes 2 and 3: 80 columns, 25 rows, characters of 9 x 16 dots.
  case text80x25
  /// Mode 3 with the 8 x 8 font: 80 columns, 50 rows.
  case text80x50
  /// BIOS mode 13h: 320 x 200 pixels, 256 colours.
  case graphics320x200
}

/// The values of all registers in a mode, after the parameter tables of the IBM VGA's BIOS.
struct VGAModeParameters {
  let miscellaneousOutput: UInt8
  let sequencer: [UInt8]
  let crtc: [UInt8]
  let graphics: [UInt8]
  let attribute: [UInt8]
  /// What the mode shows characters in; nil in a graphics mode.
  let font: VGAFont?
}

extension VGAMode {
  var parameters: VGAModeParameters {
    switch self {
    case .text40x25: Self.text(columns: 40, font: .size8x16)
    case .text80x25: Self.text(columns: 80, font: .size8x16)
    case .text80x50: Self.text(columns: 80, font: .size8x8)
    case .graphics320x200: Self.mode13h
    }
  }

  private static func text(columns: Int, font: VGAFont) -> VGAModeParameters {
    let horizontal: [UInt8] =
      columns == 80 ? [0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81] : [0x2D, 0x27, 0x28, 0x90, 0x2B, 0xA0]
    let lastLine = UInt8(font.height - 1)
    // The cursor is the last line but one, or the last two of a low character.
    let cursor: [UInt8] = font.height == 8 ? [0x06, 0x07] : [lastLine - 2, lastLine - 1]
    return VGAModeParameters(
      miscellaneousOutput: 0x67,
      sequencer: [0x03, columns == 80 ? 0x00 : 0x08, 0x03, 0x00, 0x02],
      crtc: horizontal + [0xBF, 0x1F, 0x00, 0x40 | lastLine] + cursor + [0x00, 0x00, 0x00, 0x00]
        + [0x9C, 0x8E, 0x8F, UInt8(columns / 2), 0x1F, 0x96, 0xB9, 0xA3, 0xFF],
      graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0E, 0x00, 0xFF],
      attribute: [
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E,
        0x3F, 0x0C, 0x00, 0x0F, 0x08, 0x00,
      ],
      font: font)
  }

  private static let mode13h = VGAModeParameters(
    miscellaneousOutput: 0x63,
    sequencer: [0x03, 0x01, 0x0F, 0x00, 0x0E],
    crtc: [
      0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF,
    ],
    graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0F, 0xFF],
    attribute: (0..<16).map { UInt8($0) } + [0x41, 0x00, 0x0F, 0x00, 0x00],
    font: nil)
}
