/// What a ``VGA`` shows: characters or pixels, and their place in its 128 KiB of memory, which begins
/// at 0xA0000.
public enum VGAPicture: Equatable, Sendable {
  case text(VGATextState)
  case graphics(VGAGraphicsState)
  case packed(VGAPackedState)
  /// A mode whose stores a memory slot cannot take, because each must pass through the latches and
  /// plane masks.
  case unsupported(UnsupportedVGAMode)
}

/// A screen of characters.
///
/// Every value that a ``VGA`` hands out satisfies: `columns` is 1 to 256, `height` 1 to 1024,
/// `cellHeight` 1 to 32, and ``window`` lies in the VGA's memory, its size a power of two.
public struct VGATextState: Equatable, Sendable {
  /// Characters in a row.
  public var columns: Int
  /// Scanlines; the last row may be cut off.
  public var height: Int
  /// Dots of a character, 8 or 9.
  public var cellWidth: Int
  /// Scanlines of a character.
  public var cellHeight: Int
  /// Where in the VGA's memory the characters lie, two bytes each: code and attribute. They wrap at
  /// the end.
  public var window: Range<Int>
  /// The first visible character, counted from the window's start.
  public var startAddress: Int
  /// Characters from a row to the next.
  public var stride: Int
  /// The character with the cursor, counted as ``startAddress``.
  public var cursorLocation: Int
  /// The cursor's scanlines in its character; empty for no cursor.
  public var cursorLines: Range<Int>
  /// Whether bit 7 of an attribute makes a character blink, instead of its background bright.
  public var blinks: Bool
  /// Whether the ninth column of the characters 0xC0 to 0xDF repeats the eighth.
  public var joinsLineGraphics: Bool
  /// The DAC's index for each of the 16 colours.
  public var dacIndices: [UInt8]
  /// Changes with the glyphs, which ``VGA/glyphs()`` gives.
  public var fontGeneration: UInt64
  /// Whether nothing but black is shown.
  public var isBlank: Bool
}

/// A screen of pixels of a byte each, as in mode 13h.
///
/// Every value that a ``VGA`` hands out has `width` 4 to 1024, `height` 1 to 1024, and a `startOffset`
/// below 64 KiB. The rows after the first 64 KiB lie in the next.
public struct VGAGraphicsState: Equatable, Sendable {
  public var width: Int
  public var height: Int
  /// Bytes from a row to the next.
  public var stride: Int
  /// The first visible pixel in the VGA's memory.
  public var startOffset: Int
  /// Whether nothing but black is shown.
  public var isBlank: Bool
}

/// A screen of pixels of one or two bits, as on a CGA: BIOS modes 4 to 6.
///
/// Every value that a ``VGA`` hands out has `width` 8 to 2048, a multiple of 8, and `height` 1 to 1024.
public struct VGAPackedState: Equatable, Sendable {
  public var width: Int
  public var height: Int
  /// 1 or 2; the leftmost pixel of a byte is in its upper bits.
  public var bitsPerPixel: Int
  /// Where in the VGA's memory the even lines begin; the odd ones do 8 KiB higher. Both wrap after 8 KiB.
  public var windowOffset: Int
  /// The first visible byte, counted from there.
  public var startOffset: Int
  /// Bytes from a line to the next but one.
  public var stride: Int
  /// The DAC's index for each of the two or four colours.
  public var dacIndices: [UInt8]
  /// Whether nothing but black is shown.
  public var isBlank: Bool
}

/// A mode that is not shown.
public struct UnsupportedVGAMode: Hashable, Sendable, CustomStringConvertible {
  /// In pixels, as on the screen: 1 to 2048 and 1 to 1024.
  public var width: Int
  public var height: Int
  /// How the pixels lie in memory.
  public var layout: Layout

  /// Why it is not shown.
  public enum Layout: String, Sendable {
    /// 16 colours, a plane for each bit: BIOS modes 0Dh to 12h.
    case planar = "16 colours in planes"
    /// 256 colours with every fourth pixel on the same plane: "mode X".
    case unchained = "256 colours in planes (mode X)"
  }

  /// Such as `640x480, 16 colours in planes`.
  public var description: String { "\(width)x\(height), \(layout.rawValue)" }
}
