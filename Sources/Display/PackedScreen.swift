/// A screen whose pixels share bytes, in two interleaved banks: what a VGA shows in the graphics modes
/// of a CGA.
///
/// The leftmost pixel of a byte is in its upper bits. Even lines lie in the first bank, odd ones in the
/// second, and each bank goes on at its start behind its end.
///
/// A screen can only be made for a video memory that holds all of it, so whoever has one can address
/// every byte without further checks.
public struct PackedScreen: Equatable, Sendable {
  /// How large the picture is.
  public struct Geometry: Equatable, Sendable {
    /// Pixels in a line, a multiple of 8 up to 2048.
    public var width: Int
    /// Lines, 1 to 1024.
    public var height: Int
    /// 1 or 2.
    public var bitsPerPixel: Int

    public init(width: Int, height: Int, bitsPerPixel: Int) {
      self.width = width
      self.height = height
      self.bitsPerPixel = bitsPerPixel
    }

    /// Bytes of visible pixels per line.
    var rowBytes: Int { width * bitsPerPixel / 8 }
    var pixelsPerByte: Int { 8 / bitsPerPixel }

    var isValid: Bool {
      (8...2048).contains(width) && width.isMultiple(of: 8) && (1...1024).contains(height)
        && (1...2).contains(bitsPerPixel)
    }
  }

  /// Bytes of a bank.
  public static let bankSize = 0x2000
  /// Bytes of both banks.
  public static let memorySize = 2 * bankSize

  public let geometry: Geometry
  /// The colours: the first two or four are used.
  public let palette: Palette
  /// Where in video memory the first bank begins.
  public let memoryOffset: Int
  /// The first visible byte, counted from the start of each bank.
  public let startOffset: Int
  /// Bytes from a line to the next but one, which lies in the same bank.
  public let stride: Int

  /// - Parameters:
  ///   - memoryOffset: At the start of a page.
  ///   - startOffset: Taken modulo ``bankSize``.
  ///   - stride: 0 to 65535.
  ///   - videoMemorySize: In bytes.
  /// - Returns: `nil` if a value is outside its range, or if the banks are not within video memory.
  public init?(
    _ geometry: Geometry, palette: Palette, memoryOffset: Int, startOffset: Int, stride: Int,
    videoMemorySize: Int
  ) {
    guard geometry.isValid, (0...0xFFFF).contains(stride), memoryOffset >= 0,
      memoryOffset.isMultiple(of: FrameTracker.pageSize),
      memoryOffset <= videoMemorySize - Self.memorySize
    else { return nil }
    self.geometry = geometry
    self.palette = palette
    self.memoryOffset = memoryOffset
    self.startOffset = startOffset & (Self.bankSize - 1)
    self.stride = stride
  }

  /// The bytes of both banks.
  var memory: Range<Int> { memoryOffset..<memoryOffset + Self.memorySize }

  /// Where byte `byte` of `line` lies, counted from the start of the first bank.
  @inline(__always)
  func offset(line: Int, byte: Int) -> Int {
    let inBank = startOffset &+ (line &>> 1) &* stride &+ byte
    return (line & 1) &* Self.bankSize &+ inBank & (Self.bankSize &- 1)
  }

  /// The frame that shows it: pixels of a byte.
  var frameMode: DisplayMode? {
    DisplayMode(
      width: geometry.width, height: geometry.height, format: .indexed8, stride: geometry.width,
      startOffset: 0, videoMemorySize: geometry.width * geometry.height)
  }
}
