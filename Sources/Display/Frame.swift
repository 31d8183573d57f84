/// The shadow: a private copy of the visible pixels, and all that a sink ever sees.
///
/// Lines are packed, whatever the stride in video memory. The pixels stay in the guest's
/// ``PixelFormat``; ``rgb(x:y:)`` and ``copyRGBRow(_:into:)`` convert them.
///
/// A frame is changed only by the ``FrameTracker`` that owns it, between two presentations. It cannot
/// be copied by accident; ``copy()`` does it on purpose.
public struct Frame: ~Copyable, Sendable {
  /// The mode the pixels were taken in; `nil` if the display is switched off.
  public internal(set) var mode: DisplayMode?
  /// The colours of ``PixelFormat/indexed8``.
  public internal(set) var palette: Palette

  var pixels: [UInt8]
  /// Which line of ``pixels`` is the picture's first. The lines before it follow the last, so that a
  /// picture that scrolls moves no pixels.
  private var firstLine = 0

  /// The frame of a display that is switched off: no lines of no pixels.
  public init() {
    mode = nil
    palette = Palette()
    pixels = []
  }

  /// A black (in indexed formats: entry 0) frame for `mode`.
  init(mode: DisplayMode, palette: Palette) {
    self.init(
      mode: mode, palette: palette, pixels: Array(repeating: 0, count: mode.height * mode.rowBytes))
  }

  private init(mode: DisplayMode?, palette: Palette, pixels: [UInt8], firstLine: Int = 0) {
    self.mode = mode
    self.palette = palette
    self.pixels = pixels
    self.firstLine = firstLine
  }

  /// Pixels per line; 0 if the display is switched off.
  public var width: Int { mode?.width ?? 0 }

  /// Lines; 0 if the display is switched off.
  public var height: Int { mode?.height ?? 0 }

  /// Bytes per line; 0 if the display is switched off.
  public var rowBytes: Int { mode?.rowBytes ?? 0 }

  /// Whether the display is switched off, so that there is no picture.
  public var isEmpty: Bool { mode == nil }

  /// A frame of the same content that no tracker changes.
  public func copy() -> Frame {
    Frame(mode: mode, palette: palette, pixels: pixels, firstLine: firstLine)
  }

  /// Where in ``pixels`` the line `line` of the picture begins.
  func offset(ofLine line: Int) -> Int {
    let line = line + firstLine
    return (line < height ? line : line - height) * rowBytes
  }

  /// Moves all lines up by `lines`, those of the top to the bottom.
  mutating func scroll(lines: Int) {
    guard height > 0 else { return }
    firstLine = (firstLine + lines) % height
  }

  /// Calls `body` with the pixels of `line`, in the guest's format.
  ///
  /// - Precondition: `line` is in `0..<height`.
  public func withRow<Result: ~Copyable, Failure: Error>(
    _ line: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition((0..<height).contains(line), "line \(line) of \(height)")
    let offset = offset(ofLine: line)
    return try body(pixels.span.extracting(offset..<offset + rowBytes))
  }

  /// The pixels that the bytes `bytes` of a line belong to, in part or in whole.
  static func columns(ofBytes bytes: Range<Int>, _ format: PixelFormat) -> Range<Int> {
    let size = format.bytesPerPixel
    return (bytes.lowerBound / size)..<((bytes.upperBound + size - 1) / size)
  }
}
