/// The cells as they are shown, and what draws them.
struct TextShadow: Sendable {
  /// A column's cell that has to be drawn.
  private struct Change {
    let column: Int
    let cell: UInt16
  }

  private(set) var screen: TextScreen
  private var cells: [UInt16]
  /// The row's cells that have to be drawn; kept from row to row for its storage.
  private var changes: [Change] = []
  /// The first changed pixel of each of a row's scanlines, and the first behind the last one.
  private var extents = [Range<Int>](repeating: 0..<0, count: 32)
  private var colors: [UInt32]

  init(_ screen: TextScreen) {
    self.screen = screen
    cells = [UInt16](repeating: 0, count: screen.geometry.rows * screen.geometry.columns)
    colors = screen.style.colors.map(\.xrgb8888)
  }

  /// What an update has done.
  struct Outcome {
    /// One bit for each page of the screen's memory.
    var visiblePages: UInt64 = 0
    var changedPages: UInt64 = 0
    var comparedCells = 0
    var drawnCells = 0
    var comparedRows = 0
  }

  /// Draws the cells that changed, in memory or by `screen`, and adds the pixels that this changes to
  /// the damage.
  ///
  /// - Parameters:
  ///   - next: As large as the one before.
  ///   - dirtyPages: Which pages of the screen's memory have been reported.
  ///   - drawsAll: Whether no pixel of the frame is right yet.
  ///   - memory: Video memory, which the guest may be writing to. Each cell is read once.
  mutating func update(
    to next: TextScreen, dirtyPages: UInt64, drawsAll: Bool, memory: UnsafeRawPointer,
    pixels: UnsafeMutableRawPointer, damage: inout Damage
  ) -> Outcome {
    let drawsAll = drawsAll || next.style != screen.style
    let isMoved =
      (next.memory, next.startCell, next.stride)
      != (screen.memory, screen.startCell, screen.stride)
    let formerCursor = screen.visibleCursor
    let cursor = next.visibleCursor
    let movesCursor = cursor != formerCursor
    if drawsAll { colors = next.style.colors.map(\.xrgb8888) }
    screen = next
    let pages = drawsAll || isMoved ? .max : dirtyPages
    var outcome = Outcome()
    for row in 0..<screen.geometry.rows {
      unsafe collectChanges(
        row: row, pages: pages, drawsAll: drawsAll, memory: memory, outcome: &outcome)
      if movesCursor {
        for place in [formerCursor, cursor] where place?.row == row {
          if let place { touch(row: row, column: place.column) }
        }
      }
      guard !changes.isEmpty else { continue }
      outcome.drawnCells += changes.count
      unsafe draw(
        row: row, cursor: cursor?.row == row ? cursor : nil, pixels: pixels, damage: &damage)
    }
    return outcome
  }

  /// Reads the cells of a row that lie on `pages`, and finds those that have to be drawn.
  private mutating func collectChanges(
    row: Int, pages: UInt64, drawsAll: Bool, memory: UnsafeRawPointer, outcome: inout Outcome
  ) {
    changes.removeAll(keepingCapacity: true)
    let columns = screen.geometry.columns
    // A row has at most 512 bytes: it lies on the pages of its first and its last cell.
    let first = page(ofRow: row, column: 0)
    let last = page(ofRow: row, column: columns - 1)
    guard pages & (first | last) != 0 else { return }
    outcome.comparedRows += 1
    outcome.visiblePages |= pages & (first | last)
    let isWhole = pages & first != 0 && pages & last != 0
    for column in 0..<columns {
      let offset = screen.offset(row: row, column: column)
      guard isWhole || pages & page(of: offset) != 0 else { continue }
      outcome.comparedCells &+= 1
      let cell = unsafe UInt16(
        littleEndian: (memory + offset).load(as: UInt16.self))
      let index = row &* columns &+ column
      let isChanged = cells[index] != cell
      if isChanged {
        cells[index] = cell
        outcome.changedPages |= page(of: offset)
      }
      if isChanged || drawsAll { changes.append(Change(column: column, cell: cell)) }
    }
  }

  /// Has a cell drawn as it is in the shadow, unless it is drawn anyway.
  private mutating func touch(row: Int, column: Int) {
    guard !changes.contains(where: { $0.column == column }) else { return }
    changes.append(
      Change(column: column, cell: cells[row * screen.geometry.columns + column]))
  }

  private func page(ofRow row: Int, column: Int) -> UInt64 {
    page(of: screen.offset(row: row, column: column))
  }

  /// The bit of the page that holds the byte `offset` of video memory.
  @inline(__always)
  private func page(of offset: Int) -> UInt64 {
    1 &<< UInt64((offset &- screen.memory.lowerBound) / FrameTracker.pageSize)
  }
}

// MARK: - Drawing

extension TextShadow {
  private mutating func draw(
    row: Int, cursor: TextScreen.VisibleCursor?, pixels: UnsafeMutableRawPointer,
    damage: inout Damage
  ) {
    let geometry = screen.geometry
    let firstLine = row * geometry.cellHeight
    let lines = min(geometry.cellHeight, geometry.height - firstLine)
    for line in 0..<lines { extents[line] = 0..<0 }
    let rowBytes = 4 * geometry.width
    let target = unsafe pixels + firstLine * rowBytes
    for change in changes {
      unsafe draw(
        change, cursorLines: change.column == cursor?.column ? cursor?.lines : nil,
        lines: lines, rowBytes: rowBytes, target: target)
    }
    for line in 0..<lines where !extents[line].isEmpty {
      damage.add(line: firstLine + line, columns: extents[line])
    }
  }

  private mutating func draw(
    _ change: Change, cursorLines: Range<Int>?, lines: Int, rowBytes: Int,
    target: UnsafeMutableRawPointer
  ) {
    let character = Int(change.cell & 0xFF)
    let attribute = Int(change.cell >> 8)
    let foreground = colors[attribute & 0xF]
    let background = colors[attribute >> 4 & (screen.style.blinks ? 7 : 0xF)]
    let joins = screen.style.joinsLineGraphics && (0xC0...0xDF).contains(character)
    let left = change.column * screen.geometry.cellWidth
    let isWide = screen.geometry.cellWidth == 9
    for line in 0..<lines {
      let isCursor = cursorLines?.contains(line) == true
      let dots = isCursor ? 0xFF : screen.style.glyphs[32 * character + line]
      let first = unsafe target + (line * rowBytes + 4 * left)
      var changed = unsafe store(dots, foreground, background, to: first)
      if isWide {
        let isSet = isCursor || joins && dots & 1 != 0
        let color = isSet ? foreground : background
        if unsafe first.load(fromByteOffset: 32, as: UInt32.self) != color {
          unsafe first.storeBytes(of: color, toByteOffset: 32, as: UInt32.self)
          changed = changed.isEmpty ? 8..<9 : changed.lowerBound..<9
        }
      }
      guard !changed.isEmpty else { continue }
      let columns = (left + changed.lowerBound)..<(left + changed.upperBound)
      extents[line] = extents[line].isEmpty ? columns : extents[line].union(columns)
    }
  }

  /// Draws eight dots.
  ///
  /// - Returns: From the first to the last pixel that this changes; empty if it changes none.
  @inline(__always)
  private func store(
    _ dots: UInt8, _ foreground: UInt32, _ background: UInt32, to target: UnsafeMutableRawPointer
  ) -> Range<Int> {
    let isSet = (SIMD8(repeating: UInt32(dots)) & Self.dotBits) .!= 0
    let value = SIMD8(repeating: background).replacing(
      with: SIMD8(repeating: foreground), where: isSet)
    let former = unsafe target.loadUnaligned(as: SIMD8<UInt32>.self)
    guard former != value else { return 0..<0 }
    unsafe target.storeBytes(of: value, as: SIMD8<UInt32>.self)
    var first = 0
    while former[first] == value[first] { first += 1 }
    var last = 7
    while former[last] == value[last] { last -= 1 }
    return first..<(last + 1)
  }

  private static let dotBits: SIMD8<UInt32> = [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01]
}

extension RGB {
  /// As a pixel of ``PixelFormat/xrgb8888``, little endian.
  fileprivate var xrgb8888: UInt32 {
    (UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)).littleEndian
  }
}
