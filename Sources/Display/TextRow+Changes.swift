/// From the first to the last of some pixels in each scanline of a row.
typealias TextExtents = InlineArray<32, Range<Int>>

/// The dots of four scanlines, the uppermost in the lowest 16 bits, and in those the leftmost highest.
private typealias Dots = UInt64
private let linesPerGroup = 4

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
    let comparedLines = bounds.lines & UInt32.max >> UInt32(32 - lines)
    for line in 0..<lines { extents[line] = 0..<0 }
    for firstLine in stride(from: 0, to: lines, by: linesPerGroup) {
      let group = firstLine / linesPerGroup
      let compared = Dots(
        lines: comparedLines >> UInt32(firstLine), dots: cellWidth == 9 ? 0xFF80 : 0xFF00)
      // Characters alone are the usual case, which is worth a loop of its own.
      if bounds.differsInCharactersOnly {
        unsafe findExtents(of: compared, in: bounds.columns, cellWidth, firstLine, &extents) {
          column in
          unsafe characterChanges(from: former, group: group, column)
        }
      } else {
        unsafe findExtents(of: compared, in: bounds.columns, cellWidth, firstLine, &extents) {
          column in
          unsafe changes(from: former, group: group, column)
        }
      }
    }
  }

  /// From the first to the last dot that `changes` has in each of the scanlines of `compared`.
  ///
  /// - Parameter changes: The dots of a column.
  @inline(__always)
  private func findExtents(
    of compared: Dots, in columns: Range<Int>, _ cellWidth: Int, _ firstLine: Int,
    _ extents: inout TextExtents, _ changes: (Int) -> Dots
  ) {
    var open = compared
    var column = columns.lowerBound
    while open != 0, column < columns.upperBound {
      (changes(column) & open).forEachLine { line, dots in
        open &= ~Dots(line: line)
        let first = column &* cellWidth &+ dots.leadingZeroBitCount
        extents[firstLine &+ line] = first..<first
      }
      column &+= 1
    }
    open ^= compared
    column = columns.upperBound
    while open != 0, column > columns.lowerBound {
      column &-= 1
      (changes(column) & open).forEachLine { line, dots in
        open &= ~Dots(line: line)
        let end = column &* cellWidth &+ 16 &- dots.trailingZeroBitCount
        extents[firstLine &+ line] = extents[firstLine &+ line].lowerBound..<end
      }
    }
  }

  /// Where a row may differ from another.
  private struct Bounds {
    let columns: Range<Int>
    /// The scanlines, the uppermost in bit 0.
    let lines: UInt32
    let differsInCharactersOnly: Bool
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

  /// The set dots of a cell, but for the cursor.
  @inline(__always)
  private func dots(ofGroup group: Int, _ column: Int) -> Dots {
    unsafe Dots(
      littleEndian: glyph(cells[column])
        .loadUnaligned(fromByteOffset: MemoryLayout<Dots>.size &* group, as: Dots.self))
  }

  /// The dots whose pixel is another one than in `former`, where nothing else differs than the
  /// character.
  @inline(__always)
  private func characterChanges(from former: TextRow, group: Int, _ column: Int) -> Dots {
    let changes = unsafe dots(ofGroup: group, column) ^ former.dots(ofGroup: group, column)
    if changes == 0 { return 0 }
    let colors = unsafe colors(cells[column])
    return colors.foreground == colors.background ? 0 : changes
  }

  /// The dots whose pixel is another one than in `former`.
  @inline(__always)
  private func changes(from former: TextRow, group: Int, _ column: Int) -> Dots {
    func dotsWithCursor(_ row: TextRow) -> Dots {
      var dots = unsafe row.dots(ofGroup: group, column)
      if unsafe column == row.cursorColumn {
        for line in 0..<linesPerGroup
        where unsafe row.cursorLines.contains(group &* linesPerGroup &+ line) {
          dots |= Dots(line: line)
        }
      }
      return dots
    }
    let (dots, formerDots) = unsafe (dotsWithCursor(self), dotsWithCursor(former))
    let colors = unsafe colors(cells[column])
    let formerColors = unsafe former.colors(former.cells[column])
    func ifDifferent(_ color: UInt32, _ other: UInt32) -> Dots { color == other ? 0 : .max }
    return dots & formerDots & ifDifferent(colors.foreground, formerColors.foreground)
      | dots & ~formerDots & ifDifferent(colors.foreground, formerColors.background)
      | ~dots & formerDots & ifDifferent(colors.background, formerColors.foreground)
      | ~dots & ~formerDots & ifDifferent(colors.background, formerColors.background)
  }
}

extension Dots {
  /// All dots of a line.
  @inline(__always)
  fileprivate init(line: Int) { self = 0xFFFF &<< UInt64(truncatingIfNeeded: 16 &* line) }

  /// `dots` in each line whose bit in `lines`, from the lowest on, is set.
  fileprivate init(lines: UInt32, dots: UInt16) {
    self = 0
    for line in 0..<linesPerGroup where lines >> UInt32(line) & 1 != 0 {
      self |= UInt64(dots) << UInt64(16 * line)
    }
  }

  /// Calls `body` with each line that has dots.
  @inline(__always)
  fileprivate func forEachLine(_ body: (Int, UInt16) -> Void) {
    var rest = self
    while rest != 0 {
      let line = rest.trailingZeroBitCount / 16
      body(line, UInt16(truncatingIfNeeded: rest &>> UInt64(truncatingIfNeeded: 16 &* line)))
      rest &= ~Dots(line: line)
    }
  }
}
