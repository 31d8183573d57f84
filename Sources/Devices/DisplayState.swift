/// What a display controller shows: a rectangle of pixels in video memory.
///
/// While ``enabled``, every value that a ``BochsDisplay`` hands out satisfies:
/// - `width` is 1 to 16000, `height` 1 to 12000, `bitsPerPixel` 8, 15, 16, 24 or 32;
/// - `stride >= width * bytesPerPixel`;
/// - `startOffset >= 0` and `startOffset + height * stride <= videoMemorySize`: the visible window,
///   and the padding to the right of its last line, lie in video memory.
///
/// Nothing is promised about alignment. A window with an x offset wraps at the right edge of the
/// virtual screen into the next line, as on the hardware.
public struct DisplayState: Equatable, Sendable {
  /// Whether there is a picture; if not, everything else is zero.
  public var enabled: Bool
  /// Visible pixels in a line.
  public var width: Int
  /// Visible lines.
  public var height: Int
  /// Bits that a pixel's colour has: 8 (through the palette), 15, 16, 24 or 32.
  public var bitsPerPixel: Int
  /// Bytes from a line to the next.
  public var stride: Int
  /// The byte in video memory at which the first visible pixel starts.
  public var startOffset: Int

  /// Describes a picture.
  public init(
    enabled: Bool, width: Int, height: Int, bitsPerPixel: Int, stride: Int, startOffset: Int
  ) {
    self.enabled = enabled
    self.width = width
    self.height = height
    self.bitsPerPixel = bitsPerPixel
    self.stride = stride
    self.startOffset = startOffset
  }

  /// No picture.
  public static let disabled = DisplayState(
    enabled: false, width: 0, height: 0, bitsPerPixel: 0, stride: 0, startOffset: 0)
}
