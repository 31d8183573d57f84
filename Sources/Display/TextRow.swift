/// 16 scanlines of a character, the uppermost in the lowest bits of the first word.
private typealias Block = SIMD4<UInt64>
private let linesPerBlock = 16

/// From the first to the last of some pixels in each scanline of a row.
typealias TextExtents = InlineArray<32, Range<Int>>

/// A row of characters in its look, cursor included, lent by
/// ``TextLook/withRow(_:cursor:_:)``. Nothing here checks bounds: codes and attributes have eight
/// bits each, and columns are the caller's.
@unsafe struct TextRow {
  let columns: Int
  fileprivate let cells: UnsafePointer<UInt16>
  fileprivate let dots: UnsafeRawPointer
  fileprivate let inkedLines: UnsafePointer<UInt32>
  fileprivate let colors: UnsafePointer<TextLook.Colors>
  /// -1 without one.
  fileprivate let cursorColumn: Int
  fileprivate let cursorLines: Range<Int>

  init(
    columns: Int, cells: UnsafePointer<UInt16>, dots: UnsafeRawPointer,
    inkedLines: UnsafePointer<UInt32>, colors: UnsafePointer<TextLook.Colors>, cursorColumn: Int,
    cursorLines: Range<Int>
  ) {
    unsafe self.columns = columns
    unsafe self.cells = cells
    unsafe self.dots = dots
    unsafe self.inkedLines = inkedLines
    unsafe self.colors = colors
    unsafe self.cursorColumn = cursorColumn
    unsafe self.cursorLines = cursorLines
  }

  @inline(__always)
  fileprivate func glyph(_ cell: UInt16) -> UnsafeRawPointer {
    unsafe dots + 2 &* TextLook.linesPerCharacter &* Int(cell & 0xFF)
  }

  @inline(__always)
  fileprivate func colors(_ cell: UInt16) -> TextLook.Colors {
    unsafe colors[Int(cell >> 8)]
  }

  /// The set dots of a cell.
  @inline(__always)
  fileprivate func block(_ index: Int, column: Int, cell: UInt16) -> Block {
    let dots = unsafe glyph(cell)
      .loadUnaligned(fromByteOffset: index &* 32, as: Block.self)
    return unsafe column == cursorColumn
      ? dots | Block(lines: cursorLines, of: index, dots: .max) : dots
  }
}

extension Block {
  /// A block with `dots` in `lines` of a character, as far as they are in its block `index`.
  fileprivate init(lines: Range<Int>, of index: Int, dots: UInt16) {
    let first = index * linesPerBlock
    if lines.lowerBound <= first, first + linesPerBlock <= lines.upperBound {
      self.init(repeating: UInt64(dots) * 0x0001_0001_0001_0001)
      return
    }
    self = .zero
    for line in lines.clamped(to: first..<first + linesPerBlock) {
      self[(line - first) / 4] |= UInt64(dots) << UInt64(16 * (line % 4))
    }
  }

  @inline(__always)
  fileprivate var isEmpty: Bool {
    let half = lowHalf | highHalf
    return half[0] | half[1] == 0
  }

  /// Those of its lines that have no dots in `other`.
  @inline(__always)
  fileprivate func subtracting(linesOf other: Self) -> Self {
    // Each line's highest bit is set if any is, and then spread over all of them.
    let low = Self(repeating: 0x7FFF_7FFF_7FFF_7FFF)
    let isTaken = (other & low &+ low | other) & ~low
    return self & ~((isTaken &<< 1) &- (isTaken &>> 15))
  }

  /// Calls `body` with each line that has dots.
  @inline(__always)
  fileprivate func forEachLine(_ body: (Int, UInt16) -> Void) {
    Self.forEachLine(of: self[0], from: 0, body)
    Self.forEachLine(of: self[1], from: 4, body)
    Self.forEachLine(of: self[2], from: 8, body)
    Self.forEachLine(of: self[3], from: 12, body)
  }

  @inline(__always)
  private static func forEachLine(
    of word: UInt64, from first: Int, _ body: (Int, UInt16) -> Void
  ) {
    var word = word
    while word != 0 {
      let shift = word.trailingZeroBitCount & ~15
      body(first &+ shift / 16, UInt16(truncatingIfNeeded: word &>> UInt64(shift)))
      word &= ~(0xFFFF &<< UInt64(shift))
    }
  }
}

// MARK: - Comparing

extension TextRow {
  /// From the first to the last dot in which each scanline differs from `former`; empty where none does.
  ///
  /// - Parameters:
  ///   - former: As long.
  ///   - lines: How many scanlines are compared, at most 32.
  func findChanges(
    from former: TextRow, cellWidth: Int, lines: Int, extents: inout TextExtents
  ) {
    let dots: UInt16 = cellWidth == 9 ? 0xFF80 : 0xFF00
    for index in 0..<(lines + linesPerBlock - 1) / linesPerBlock {
      let compared = Block(lines: 0..<lines, of: index, dots: dots)
      let firstLine = index * linesPerBlock
      for line in firstLine..<firstLine + linesPerBlock { extents[line] = 0..<0 }
      // Most lines are found within a few columns from either side. Some have no dots in most
      // characters, or in any: their bits tell which characters can be left out.
      var equal = compared
      var equalLines = UInt32(0xFFFF)
      var next = 0
      while equalLines != 0,
        let column = unsafe nextColumn(
          from: next, step: 1, differingFrom: former, equalLines, index)
      {
        next = column &+ 1
        let changes = unsafe changes(from: former, column: column, index) & equal
        guard !changes.isEmpty else { continue }
        equal = equal.subtracting(linesOf: changes)
        changes.forEachLine { line, dots in
          equalLines &= ~(1 &<< UInt32(line))
          let first = column &* cellWidth &+ dots.leadingZeroBitCount
          extents[firstLine &+ line] = first..<first
        }
      }
      var openEnded = compared.subtracting(linesOf: equal)
      var openLines = ~equalLines & 0xFFFF
      next = unsafe columns - 1
      while openLines != 0,
        let column = unsafe nextColumn(
          from: next, step: -1, differingFrom: former, openLines, index)
      {
        next = column &- 1
        let changes = unsafe changes(from: former, column: column, index) & openEnded
        guard !changes.isEmpty else { continue }
        openEnded = openEnded.subtracting(linesOf: changes)
        changes.forEachLine { line, dots in
          openLines &= ~(1 &<< UInt32(line))
          let end = column &* cellWidth &+ 16 &- dots.trailingZeroBitCount
          extents[firstLine &+ line] = extents[firstLine &+ line].lowerBound..<end
        }
      }
    }
  }

  /// The next column from `start` on, to the right or to the left, whose cell may differ from `former` in
  /// one of `lines` of the block `index`; nil if there is none.
  @inline(never)
  private func nextColumn(
    from start: Int, step: Int, differingFrom former: TextRow, _ lines: UInt32, _ index: Int
  ) -> Int? {
    let lines = lines &<< UInt32(truncatingIfNeeded: index &* linesPerBlock)
    let columns = unsafe columns
    guard unsafe colors == former.colors else {
      return start >= 0 && start < columns ? start : nil
    }
    let (cells, formerCells) = unsafe (cells, former.cells)
    let inkedLines = unsafe inkedLines
    let (cursor, formerCursor) = unsafe (cursorColumn, former.cursorColumn)
    var column = start
    while UInt(bitPattern: column) < UInt(bitPattern: columns) {
      let cell = unsafe cells[column]
      let formerCell = unsafe formerCells[column]
      let inked = unsafe inkedLines[Int(cell & 0xFF)] | inkedLines[Int(formerCell & 0xFF)]
      let difference = cell ^ formerCell
      if difference > 0xFF || difference != 0 && inked & lines != 0 { return column }
      if column == cursor || column == formerCursor { return column }
      column &+= step
    }
    return nil
  }

  /// The dots whose pixel is another one than in `former`.
  @inline(__always)
  private func changes(from former: TextRow, column: Int, _ index: Int) -> Block {
    let cell = unsafe cells[column]
    let formerCell = unsafe former.cells[column]
    let colors = unsafe colors(cell)
    let formerColors = unsafe former.colors(formerCell)
    let dots = unsafe block(index, column: column, cell: cell)
    let formerDots = unsafe former.block(index, column: column, cell: formerCell)
    if colors.foreground == formerColors.foreground, colors.background == formerColors.background {
      return colors.foreground == colors.background ? .zero : dots ^ formerDots
    }
    func ifDifferent(_ color: UInt32, _ other: UInt32) -> Block {
      Block(repeating: color == other ? 0 : .max)
    }
    return dots & formerDots & ifDifferent(colors.foreground, formerColors.foreground)
      | dots & ~formerDots & ifDifferent(colors.foreground, formerColors.background)
      | ~dots & formerDots & ifDifferent(colors.background, formerColors.foreground)
      | ~dots & ~formerDots & ifDifferent(colors.background, formerColors.background)
  }
}

// MARK: - Drawing

extension TextRow {
  /// Draws a cell.
  ///
  /// - Parameters:
  ///   - target: The row's first pixel; `lines` scanlines of `rowBytes` bytes each.
  func draw(
    column: Int, cellWidth: Int, lines: Int, to target: UnsafeMutableRawPointer, rowBytes: Int
  ) {
    let cell = unsafe cells[column]
    let colors = unsafe colors(cell)
    let cursorLines = unsafe column == cursorColumn ? cursorLines : 0..<0
    let foreground = SIMD8(repeating: colors.foreground)
    let background = SIMD8(repeating: colors.background)
    let bits: SIMD8<UInt32> = [0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0400, 0x0200, 0x0100]
    let glyph = unsafe glyph(cell)
    var pixels = unsafe target + 4 &* cellWidth &* column
    for line in 0..<lines {
      let set =
        unsafe cursorLines.contains(line)
        ? .max : UInt16(littleEndian: glyph.load(fromByteOffset: 2 &* line, as: UInt16.self))
      let isSet = SIMD8(repeating: UInt32(set)) & bits .== bits
      unsafe pixels.storeBytes(
        of: background.replacing(with: foreground, where: isSet), as: SIMD8<UInt32>.self)
      if cellWidth == 9 {
        let ninth = set & 0x80 != 0 ? colors.foreground : colors.background
        unsafe pixels.storeBytes(of: ninth, toByteOffset: 32, as: UInt32.self)
      }
      unsafe pixels += rowBytes
    }
  }
}
