/// What a ``FrameTracker`` has done since it was made. All counters only grow.
public struct FrameStatistics: Equatable, Sendable {
  /// Calls of ``FrameTracker/update(dirtyPages:memory:)``.
  public internal(set) var updates: UInt64 = 0
  /// Updates that compared the whole window, because the mode or the start offset had changed.
  public internal(set) var fullComparisons: UInt64 = 0
  /// Pages that the dirty log reported.
  public internal(set) var pagesReported: UInt64 = 0
  /// Pages with visible pixels that were compared: reported, or part of a full comparison.
  public internal(set) var pagesVisible: UInt64 = 0
  /// Pages whose visible pixels differed from the shadow.
  public internal(set) var pagesChanged: UInt64 = 0
  /// Scanlines of which at least a part was compared.
  public internal(set) var scanlinesCompared: UInt64 = 0
  /// Scanlines that were damaged and so went to the sinks.
  public internal(set) var scanlinesFlushed: UInt64 = 0
  /// Visible bytes of video memory that were compared with the shadow.
  public internal(set) var bytesCompared: UInt64 = 0
  /// Bytes that were copied into the shadow.
  public internal(set) var bytesCopied: UInt64 = 0

  /// Cells of a screen of characters that were compared with the shadow.
  public internal(set) var cellsCompared: UInt64 = 0
  /// Cells that were drawn.
  public internal(set) var cellsDrawn: UInt64 = 0
  /// Rows by which screens of characters were moved up, because their text had scrolled.
  public internal(set) var rowsScrolled: UInt64 = 0

  public init() {}

  mutating func add(_ outcome: PackedShadow.Outcome) {
    pagesVisible &+= UInt64(outcome.visiblePages.nonzeroBitCount)
    pagesChanged &+= UInt64(outcome.changedPages.nonzeroBitCount)
    scanlinesCompared &+= UInt64(outcome.linesCompared)
    bytesCompared &+= UInt64(outcome.bytesCompared)
    bytesCopied &+= UInt64(outcome.bytesCopied)
  }

  mutating func add(_ outcome: TextShadow.Outcome, cellHeight: Int) {
    let reading = outcome.reading
    pagesVisible &+= UInt64(reading.visiblePages.nonzeroBitCount)
    pagesChanged &+= UInt64(reading.changedPages.nonzeroBitCount)
    scanlinesCompared &+= UInt64(reading.rowCount * cellHeight)
    bytesCompared &+= UInt64(2 * reading.cellCount)
    bytesCopied &+= UInt64(2 * outcome.drawnCells)
    cellsCompared &+= UInt64(reading.cellCount)
    cellsDrawn &+= UInt64(outcome.drawnCells)
    rowsScrolled &+= UInt64(outcome.scrolledRows)
  }
}
