extension TextRow {
  /// Draws the cells that differ from those of `former`, or all.
  ///
  /// - Parameters:
  ///   - former: As long and in the same look; nil to draw all.
  ///   - target: The row's first pixel; `lines` scanlines of `rowBytes` bytes each.
  /// - Returns: How many cells have been drawn.
  func draw(
    over former: TextRow?, cellWidth: Int, lines: Int, to target: UnsafeMutableRawPointer,
    rowBytes: Int
  ) -> Int {
    var drawnCells = 0
    var columns = 0..<0
    while true {
      columns = unsafe nextColumns(from: columns.upperBound, differentFrom: former)
      guard !columns.isEmpty else { return drawnCells }
      unsafe draw(columns, cellWidth: cellWidth, lines: lines, to: target, rowBytes: rowBytes)
      drawnCells &+= columns.count
    }
  }

  /// The next adjacent columns, from `start` on, that differ from `former`, if that is not nil.
  private func nextColumns(from start: Int, differentFrom former: TextRow?) -> Range<Int> {
    let columns = unsafe look.columns
    guard let former = unsafe former else { return start..<columns }
    var first = start
    while first < columns, unsafe !isColumn(first, differentFrom: former) { first &+= 1 }
    var end = first
    while end < columns, unsafe isColumn(end, differentFrom: former) { end &+= 1 }
    return first..<end
  }

  /// The column has another cell than in `former`, or the cursor has come, gone or changed there.
  @inline(__always)
  private func isColumn(_ column: Int, differentFrom former: TextRow) -> Bool {
    if unsafe cells[column] != former.cells[column] { return true }
    guard unsafe column == cursorColumn || column == former.cursorColumn else { return false }
    return unsafe hasOtherCursor(than: former)
  }

  // A function of its own, so that the loop has the registers to itself.
  @inline(never)
  private func draw(
    _ columns: Range<Int>, cellWidth: Int, lines: Int, to target: UnsafeMutableRawPointer,
    rowBytes: Int
  ) {
    let bits = SIMD8<UInt32>(0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0400, 0x0200, 0x0100)
    for column in columns {
      let cell = unsafe cells[column]
      let colors = unsafe colors(cell)
      let cursorLines = unsafe column == cursorColumn ? cursorLines : 0..<0
      let foreground = SIMD8(repeating: colors.foreground)
      let background = SIMD8(repeating: colors.background)
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
}
