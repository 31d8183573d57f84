/// From the first to the last of some pixels in each scanline of a row.
typealias TextExtents = InlineArray<32, Range<Int>>

extension TextRow {
  /// From the first to the last dot in which each scanline differs from `former`; empty where none does.
  ///
  /// - Parameters:
  ///   - former: As long.
  ///   - lines: How many scanlines are compared, at most 32.
  @inline(never)
  func findChanges(
    from former: TextRow, cellWidth: Int, lines: Int, extents: inout TextExtents
  ) {
    let bounds = unsafe bounds(ofChangesFrom: former)
    for line in 0..<lines {
      guard bounds.contains(line: line) else {
        extents[line] = 0..<0
        continue
      }
      // Characters alone are the usual case, which is worth a loop of its own.
      extents[line] =
        unsafe bounds.differsInCharactersOnly
        ? extent(in: bounds.columns, cellWidth: cellWidth) { column in
          unsafe characterChanges(from: former, line: line, column)
        }
        : extent(in: bounds.columns, cellWidth: cellWidth) { column in
          unsafe changes(from: former, line: line, column)
        }
    }
  }

  /// From the first to the last dot of a scanline that `changes` has; empty if it has none.
  ///
  /// - Parameter changes: The dots of a column, bit 15 the leftmost.
  @inline(__always)
  private func extent(
    in columns: Range<Int>, cellWidth: Int, _ changes: (Int) -> UInt16
  ) -> Range<Int> {
    let mask: UInt16 = cellWidth == 9 ? 0xFF80 : 0xFF00
    var first = columns.lowerBound
    var dots: UInt16 = 0
    while first < columns.upperBound {
      dots = changes(first) & mask
      if dots != 0 { break }
      first &+= 1
    }
    guard dots != 0 else { return 0..<0 }
    let start = first &* cellWidth &+ dots.leadingZeroBitCount
    var last = columns.upperBound &- 1
    while last > first {
      let lastDots = changes(last) & mask
      if lastDots != 0 {
        dots = lastDots
        break
      }
      last &-= 1
    }
    return start..<last &* cellWidth &+ 16 &- dots.trailingZeroBitCount
  }

  /// Where a row may differ from another.
  private struct Bounds {
    let columns: Range<Int>
    /// The scanlines, the uppermost in bit 0.
    let lines: UInt32
    let differsInCharactersOnly: Bool

    func contains(line: Int) -> Bool { lines &>> UInt32(truncatingIfNeeded: line) & 1 != 0 }
  }

  @inline(__always)
  private func bounds(ofChangesFrom former: TextRow) -> Bounds {
    guard unsafe look.colors == former.look.colors, unsafe !hasOtherCursor(than: former) else {
      return unsafe Bounds(
        columns: 0..<look.columns, lines: .max, differsInCharactersOnly: false)
    }
    let (cells, formerCells) = unsafe (cells, former.cells)
    var (first, end) = unsafe (0, look.columns)
    while first < end, unsafe cells[first] == formerCells[first] { first &+= 1 }
    while first < end, unsafe cells[end &- 1] == formerCells[end &- 1] { end &-= 1 }
    // Some scanlines have no dots in most characters, or in any.
    let inkedLines = unsafe look.inkedLines
    var (difference, lines) = (UInt16(0), UInt32(0))
    var column = first
    while column < end {
      let (cell, formerCell) = unsafe (cells[column], formerCells[column])
      difference |= cell ^ formerCell
      let inked = unsafe inkedLines[Int(cell & 0xFF)] | inkedLines[Int(formerCell & 0xFF)]
      lines |= cell == formerCell ? 0 : inked
      column &+= 1
    }
    return unsafe Bounds(
      columns: first..<end, lines: difference > 0xFF ? .max : lines,
      differsInCharactersOnly: difference <= 0xFF && cursorColumn < 0)
  }

  /// The set dots of a scanline of a cell, bit 15 the leftmost, but for the cursor.
  @inline(__always)
  private func dots(ofLine line: Int, _ column: Int) -> UInt16 {
    unsafe UInt16(
      littleEndian: glyph(cells[column]).load(fromByteOffset: 2 &* line, as: UInt16.self))
  }

  /// The dots of a scanline whose pixel is another one than in `former`, where nothing else differs than
  /// the character.
  @inline(__always)
  private func characterChanges(from former: TextRow, line: Int, _ column: Int) -> UInt16 {
    let changes = unsafe dots(ofLine: line, column) ^ former.dots(ofLine: line, column)
    if changes == 0 { return 0 }
    let colors = unsafe colors(cells[column])
    return colors.foreground == colors.background ? 0 : changes
  }

  /// The dots of a scanline whose pixel is another one than in `former`.
  @inline(__always)
  private func changes(from former: TextRow, line: Int, _ column: Int) -> UInt16 {
    func dotsWithCursor(_ row: TextRow) -> UInt16 {
      unsafe column == row.cursorColumn && row.cursorLines.contains(line)
        ? .max : row.dots(ofLine: line, column)
    }
    let (dots, formerDots) = unsafe (dotsWithCursor(self), dotsWithCursor(former))
    let colors = unsafe colors(cells[column])
    let formerColors = unsafe former.colors(former.cells[column])
    func ifDifferent(_ color: UInt32, _ other: UInt32) -> UInt16 { color == other ? 0 : .max }
    return dots & formerDots & ifDifferent(colors.foreground, formerColors.foreground)
      | dots & ~formerDots & ifDifferent(colors.foreground, formerColors.background)
      | ~dots & formerDots & ifDifferent(colors.background, formerColors.foreground)
      | ~dots & ~formerDots & ifDifferent(colors.background, formerColors.background)
  }
}
