import Display
import Synchronization

/// Looks at nothing; its being there has the display polled.
struct NullSink: FrameSink {
  mutating func present(_ frame: borrowing Frame, damage: Damage) {}
}

/// Keeps a picture of its own, which it changes only where the damage says so.
final class ReplayingSink: FrameSink, Sendable {
  struct Picture {
    var mode: DisplayMode?
    var rows: [[UInt8]] = []
    var presentations = 0
    /// The presentations that did not damage everything.
    var partial = 0
  }

  private let state = Mutex(Picture())

  var picture: Picture { state.withLock { $0 } }

  func present(_ frame: borrowing Frame, damage: Damage) {
    state.withLock { picture in
      picture.presentations += 1
      if picture.mode?.width != frame.mode?.width || picture.mode?.height != frame.mode?.height
        || picture.mode?.format != frame.mode?.format
      {
        let row = [UInt8](repeating: 0x5A, count: frame.rowBytes)
        picture.rows = Array(repeating: row, count: frame.height)
      }
      picture.mode = frame.mode
      guard let format = frame.mode?.format else { return }
      if damage != .full(width: frame.width, height: frame.height) { picture.partial += 1 }
      for run in damage.runs {
        for line in run.lines {
          frame.withRow(line) { row in
            let bytes =
              run.columns.lowerBound * format.bytesPerPixel..<run.columns.upperBound
              * format.bytesPerPixel
            for index in bytes { picture.rows[line][index] = row[index] }
          }
        }
      }
    }
  }
}
