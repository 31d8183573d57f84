/// A screen of characters in video memory: what a VGA shows in its text modes.
///
/// A cell is two bytes: the character's code and its attribute. Bits 0 to 3 of the attribute are the
/// foreground's colour, the others the background's; where ``blinks`` is set, bit 7 makes the character
/// blink instead. A picture is one moment of time, and here it is always the one in which blinking
/// characters and the cursor are visible, so that equal memory gives equal pictures.
///
/// A screen can only be made for a video memory that holds all of its cells, so whoever has one can
/// address every cell without further checks.
public struct TextScreen: Equatable, Sendable {
  /// Where the cursor is.
  public struct Cursor: Equatable, Sendable {
    /// The cell, counted from the start of ``TextScreen/memory``.
    public var cell: Int
    /// The cell's scanlines that it covers, from 0; those below the cell's last are not seen.
    public var lines: Range<Int>

    public init(cell: Int, lines: Range<Int>) {
      self.cell = cell
      self.lines = lines
    }
  }

  /// How large the characters are and how many.
  public struct Geometry: Equatable, Sendable {
    /// Cells in a row, 1 to 256.
    public var columns: Int
    /// Scanlines of the picture, 1 to 1024; they may cut off the last row.
    public var height: Int
    /// Pixels of a cell's width, 8 or 9.
    public var cellWidth: Int
    /// Scanlines of a cell, 1 to 32.
    public var cellHeight: Int

    public init(columns: Int, height: Int, cellWidth: Int, cellHeight: Int) {
      self.columns = columns
      self.height = height
      self.cellWidth = cellWidth
      self.cellHeight = cellHeight
    }

    /// Rows, the last of which may be cut off.
    var rows: Int { (height + cellHeight - 1) / cellHeight }
    /// Pixels in a line.
    var width: Int { columns * cellWidth }

    var isValid: Bool {
      (1...256).contains(columns) && (1...1024).contains(height) && (8...9).contains(cellWidth)
        && (1...32).contains(cellHeight)
    }
  }

  /// How characters look.
  public struct Style: Equatable, Sendable {
    /// The 16 colours.
    public var colors: [RGB]
    /// 32 bytes for each of the 256 characters, one a scanline from the top, bit 7 leftmost.
    public var glyphs: [UInt8]
    /// Whether bit 7 of an attribute makes the character blink, instead of its background bright.
    public var blinks: Bool
    /// Whether the ninth column of the characters 0xC0 to 0xDF repeats the eighth, so that lines
    /// meet; else it is background.
    public var joinsLineGraphics: Bool

    public init(colors: [RGB], glyphs: [UInt8], blinks: Bool, joinsLineGraphics: Bool) {
      self.colors = colors
      self.glyphs = glyphs
      self.blinks = blinks
      self.joinsLineGraphics = joinsLineGraphics
    }

    var isValid: Bool { colors.count == 16 && glyphs.count == 32 * 256 }
  }

  public let geometry: Geometry
  public let style: Style
  /// The bytes of video memory that hold the cells; a row that leaves them goes on at their start.
  public let memory: Range<Int>
  /// The first visible cell, counted from the start of ``memory``.
  public let startCell: Int
  /// Cells from the start of a row to the start of the next.
  public let stride: Int
  /// nil if it is switched off.
  public let cursor: Cursor?

  /// The largest ``memory``, as large as all the memory of a VGA that the processor can see.
  public static let maximumMemory = 0x2_0000

  /// - Parameters:
  ///   - memory: Starts at a page; its size is a power of two from 4096 to ``maximumMemory``.
  ///   - startCell: Taken modulo the number of cells in `memory`.
  ///   - stride: Not negative.
  ///   - videoMemorySize: In bytes.
  /// - Returns: `nil` if a value is outside its range, or if `memory` is not within video memory.
  public init?(
    _ geometry: Geometry, style: Style, memory: Range<Int>, startCell: Int, stride: Int,
    cursor: Cursor?, videoMemorySize: Int
  ) {
    guard geometry.isValid, style.isValid, stride >= 0, stride <= 0xFFFF,
      memory.lowerBound >= 0, memory.upperBound <= videoMemorySize,
      memory.lowerBound.isMultiple(of: FrameTracker.pageSize),
      (FrameTracker.pageSize...Self.maximumMemory).contains(memory.count),
      memory.count.nonzeroBitCount == 1
    else { return nil }
    self.geometry = geometry
    self.style = style
    self.memory = memory
    self.startCell = startCell & (memory.count / 2 - 1)
    self.stride = stride
    self.cursor = cursor
  }

  /// The byte of video memory at which the cell in `column` of `row` lies.
  @inline(__always)
  func offset(row: Int, column: Int) -> Int {
    let cell = startCell &+ row &* stride &+ column
    return memory.lowerBound &+ (2 &* cell & (memory.count &- 1))
  }

  /// Where on the screen the cursor is; nil if it is nowhere.
  var visibleCursor: VisibleCursor? {
    guard let cursor, !cursor.lines.isEmpty, stride > 0 else { return nil }
    let (row, column) = ((cursor.cell &- startCell) & (memory.count / 2 - 1))
      .quotientAndRemainder(dividingBy: stride)
    guard row < geometry.rows, column < geometry.columns else { return nil }
    return VisibleCursor(row: row, column: column, lines: cursor.lines)
  }

  struct VisibleCursor: Equatable {
    let row: Int
    let column: Int
    let lines: Range<Int>
  }

  /// The frame that shows it: pixels of four bytes.
  var frameMode: DisplayMode? {
    let (width, height) = (geometry.width, geometry.height)
    return DisplayMode(
      width: width, height: height, format: .xrgb8888, stride: 4 * width, startOffset: 0,
      videoMemorySize: 4 * width * height)
  }
}
