/// The rows of a screen in its look, cursor included, lent by
/// ``TextLook/withRows(_:columns:cursor:_:)``. Nothing here checks bounds: codes and attributes have
/// eight bits each, and rows and columns are the caller's.
@unsafe struct TextRows {
  let columns: Int
  let cells: UnsafePointer<UInt16>
  let dots: UnsafeRawPointer
  let inkedLines: UnsafePointer<UInt32>
  let colors: UnsafePointer<TextLook.Colors>
  let cursor: TextScreen.VisibleCursor?

  @inline(__always)
  subscript(row: Int) -> TextRow {
    let cursor = unsafe cursor?.row == row ? cursor : nil
    return unsafe TextRow(
      look: self, cells: cells + row &* columns,
      cursorColumn: cursor?.column ?? -1,
      cursorLines: cursor?.lines ?? 0..<0)
  }
}

/// A row of characters, one of ``TextRows``.
@unsafe struct TextRow {
  let look: TextRows
  let cells: UnsafePointer<UInt16>
  /// -1 without one.
  let cursorColumn: Int
  let cursorLines: Range<Int>

  @inline(__always)
  func glyph(_ cell: UInt16) -> UnsafeRawPointer {
    unsafe look.dots + 2 &* TextLook.linesPerCharacter &* Int(cell & 0xFF)
  }

  @inline(__always)
  func colors(_ cell: UInt16) -> TextLook.Colors {
    unsafe look.colors[Int(cell >> 8)]
  }

  @inline(__always)
  func hasOtherCursor(than other: TextRow) -> Bool {
    unsafe cursorColumn != other.cursorColumn || cursorLines != other.cursorLines
  }
}
