/// The cells as they are shown, and what draws them.
struct TextShadow: Sendable {
  private(set) var screen: TextScreen
  private var cells: TextCells
  private var look: TextLook

  init(_ screen: TextScreen) {
    self.screen = screen
    cells = TextCells(rows: screen.geometry.rows, columns: screen.geometry.columns)
    look = TextLook(screen.style)
  }

  /// What an update has done.
  struct Outcome {
    var reading = TextCells.Reading()
    var drawnCells = 0
    /// Rows by which the picture was moved up.
    var scrolledRows = 0
  }

  /// Draws what changed, in memory or by `screen`, and adds the pixels that this changes to the damage.
  ///
  /// Text that scrolls changes nearly every cell and every pixel. But most rows are in the frame
  /// already, in another place: so the frame is turned (``Frame/scroll(lines:)``), which moves no pixel,
  /// and only the cells are drawn that differ from what is in their place then.
  ///
  /// - Parameters:
  ///   - next: As large as the one before.
  ///   - dirtyPages: Which pages of the screen's memory have been reported.
  ///   - startsOver: Whether no pixel of the frame is right yet; then all is damage, and none is added.
  ///   - memory: Video memory, which the guest may be writing to. Each cell is read once.
  mutating func update(
    to next: TextScreen, dirtyPages: UInt64, startsOver: Bool, memory: UnsafeRawPointer,
    frame: inout Frame, damage: inout Damage
  ) -> Outcome {
    let (formerLook, formerCursor) = (look, screen.visibleCursor)
    let isMoved =
      (next.memory, next.startCell, next.stride)
      != (screen.memory, screen.startCell, screen.stride)
    let drawsAll = startsOver || next.style != screen.style
    if drawsAll { look = TextLook(next.style, former: look) }
    screen = next
    let cursor = screen.visibleCursor
    var outcome = Outcome()
    outcome.reading = unsafe cells.read(
      screen, pages: startsOver || isMoved ? .max : dirtyPages, memory: memory)
    guard drawsAll || cells.changedRowCount > 0 || cursor != formerCursor else { return outcome }
    if !drawsAll { outcome.scrolledRows = scroll(&frame) }
    unsafe formerLook.withRows(cells.shown, columns: cells.columns, cursor: formerCursor) { shown in
      unsafe look.withRows(cells.next, columns: cells.columns, cursor: cursor) { next in
        if !startsOver { unsafe addDamage(from: shown, to: next, comparesAll: drawsAll, &damage) }
        outcome.drawnCells = unsafe draw(
          next, over: drawsAll ? nil : shown, scrolledRows: outcome.scrolledRows, frame: &frame)
      }
    }
    cells.finish()
    return outcome
  }

  /// Adds the pixels in which two moments differ.
  private func addDamage(
    from shown: TextRows, to next: TextRows, comparesAll: Bool, _ damage: inout Damage
  ) {
    let geometry = screen.geometry
    var extents = TextExtents(repeating: 0..<0)
    for row in 0..<geometry.rows {
      let (former, new) = unsafe (shown[row], next[row])
      guard unsafe comparesAll || cells.isChanged[row] || new.hasOtherCursor(than: former)
      else { continue }
      let lines = geometry.lines(ofRow: row)
      unsafe new.findChanges(
        from: former, cellWidth: geometry.cellWidth, lines: lines.count, extents: &extents)
      for line in 0..<lines.count {
        damage.add(line: lines.lowerBound + line, columns: extents[line])
      }
    }
  }

  /// Moves the picture up by as many rows as its text has scrolled.
  private func scroll(_ frame: inout Frame) -> Int {
    let geometry = screen.geometry
    // The frame turns as a whole: a last row that is cut off would lack its lower lines elsewhere.
    guard geometry.height == geometry.rows * geometry.cellHeight else { return 0 }
    let rows = cells.scrollDistance()
    frame.scroll(lines: rows * geometry.cellHeight)
    return rows
  }

  /// Draws the cells that differ from what is in their place, or all.
  ///
  /// - Parameters:
  ///   - shown: What is in their place, but for the scrolling; nil to draw all.
  ///   - scrolledRows: By how many rows the frame has been turned.
  /// - Returns: How many cells have been drawn.
  private func draw(
    _ next: TextRows, over shown: TextRows?, scrolledRows: Int, frame: inout Frame
  ) -> Int {
    let geometry = screen.geometry
    let rowBytes = frame.rowBytes
    var drawnCells = 0
    for row in 0..<geometry.rows {
      let new = unsafe next[row]
      // Whose pixels are in this row's place.
      let source = (row + scrolledRows) % geometry.rows
      let former = unsafe shown?[source]
      if let former = unsafe former, unsafe !new.hasOtherCursor(than: former),
        scrolledRows == 0 ? !cells.isChanged[row] : cells.isRow(row, equalToShown: source)
      {
        continue
      }
      let lines = geometry.lines(ofRow: row)
      let offset = frame.offset(ofLine: lines.lowerBound)
      drawnCells += unsafe frame.pixels.withUnsafeMutableBytes { pixels in
        guard let pixels = pixels.baseAddress else { return 0 }
        return unsafe new.draw(
          over: former, cellWidth: geometry.cellWidth, lines: lines.count, to: pixels + offset,
          rowBytes: rowBytes)
      }
    }
    return drawnCells
  }
}

extension TextScreen.Geometry {
  /// The scanlines of a row: fewer than others have if it is cut off.
  fileprivate func lines(ofRow row: Int) -> Range<Int> {
    row * cellHeight..<min((row + 1) * cellHeight, height)
  }
}
