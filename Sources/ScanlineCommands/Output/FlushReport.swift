import Display
import VMM

/// What `--stats` tells of the display.
struct FlushReport: Report {
  let ticks: UInt64
  let ticksWithDamage: UInt64
  let wakeUps: UInt64
  let sleeps: UInt64
  let harvestNanoseconds: UInt64
  let compareNanoseconds: UInt64
  let sinkNanoseconds: UInt64
  let pagesReported: UInt64
  let pagesChanged: UInt64
  let falsePositiveRatio: Double
  let pagesRearmed: UInt64
  let pagesOpen: UInt64
  let scanlinesFlushed: UInt64
  let bytesCompared: UInt64
  let bytesCopied: UInt64
  let lateCorrections: UInt64
  let cellsCompared: UInt64
  let cellsDrawn: UInt64
  let rowsScrolled: UInt64
  let unsupportedModes: UInt64

  init(_ statistics: FlushStatistics) {
    ticks = statistics.ticks
    ticksWithDamage = statistics.ticksWithDamage
    wakeUps = statistics.wakeUps
    sleeps = statistics.sleeps
    harvestNanoseconds = statistics.harvestTime
    compareNanoseconds = statistics.compareTime
    sinkNanoseconds = statistics.sinkTime
    pagesReported = statistics.frames.pagesReported
    pagesChanged = statistics.frames.pagesChanged
    falsePositiveRatio = statistics.falsePositiveRatio
    pagesRearmed = statistics.pagesRearmed
    pagesOpen = statistics.pagesOpen
    scanlinesFlushed = statistics.frames.scanlinesFlushed
    bytesCompared = statistics.frames.bytesCompared
    bytesCopied = statistics.frames.bytesCopied
    lateCorrections = statistics.lateCorrections
    cellsCompared = statistics.frames.cellsCompared
    cellsDrawn = statistics.frames.cellsDrawn
    rowsScrolled = statistics.frames.rowsScrolled
    unsupportedModes = statistics.unsupportedModes
  }

  private var vgaLines: [String] {
    var lines: [String] = []
    if cellsCompared > 0 {
      lines.append(
        "  text: \(cellsCompared) cells compared, \(cellsDrawn) drawn; "
          + "moved up by \(rowsScrolled) rows")
    }
    if unsupportedModes > 0 {
      lines.append("  \(unsupportedModes) VGA modes set that cannot be shown")
    }
    return lines
  }

  var lines: [String] {
    let perTick = [
      ("pages reported", pagesReported), ("pages changed", pagesChanged),
      ("pages re-armed", pagesRearmed), ("scanlines flushed", scanlinesFlushed),
      ("bytes compared", bytesCompared), ("bytes copied", bytesCopied),
      ("harvest, ns", harvestNanoseconds), ("compare, ns", compareNanoseconds),
      ("sinks, ns", sinkNanoseconds),
    ]
    return [
      "display: \(ticks) ticks, \(ticksWithDamage) with damage; \(wakeUps) wake-ups, "
        + "\(sleeps) sleeps",
      "  " + pad("", 20) + pad("total", -16) + pad("per tick", -14),
    ]
      + perTick.map { name, total in
        "  " + pad(name, 20) + pad("\(total)", -16) + pad("\(total / max(1, ticks))", -14)
      }
      + [
        "  \(pagesOpen) pages open, \(lateCorrections) late corrections at the stop, "
          + "\(Int(falsePositiveRatio * 100)) % of the visible reported pages had not changed"
      ] + vgaLines
  }
}

/// `text` in a column of `width`, to the right if that is negative.
private func pad(_ text: String, _ width: Int) -> String {
  let space = String(repeating: " ", count: max(0, abs(width) - text.count))
  return width < 0 ? space + text : text + space
}
