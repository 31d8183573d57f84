import Display
import Synchronization

@testable import VMM

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
            unsafe row.withUnsafeBytes { row in
              unsafe picture.rows[line].replaceSubrange(bytes, with: row[bytes])
            }
          }
        }
      }
    }
  }
}

extension ReplayingSink {
  /// Whether it holds the frame that `machine` shows.
  func shows(_ machine: Machine) -> Bool {
    let picture = picture
    return machine.withFrame { frame in
      guard picture.mode == frame.mode, picture.rows.count == frame.height else { return false }
      return (0..<frame.height).allSatisfy { line in
        frame.withRow(line) { row in
          unsafe row.withUnsafeBytes { unsafe picture.rows[line].elementsEqual($0) }
        }
      }
    }
  }

  /// The little-endian pixel at the start of `line`.
  func firstPixel(ofLine line: Int) -> UInt32? {
    let rows = picture.rows
    return line < rows.count ? rows[line].word(at: 0) : nil
  }
}

/// Checks every frame, and keeps what fails.
final class CheckingSink: FrameSink, Sendable {
  private let state = Mutex((presentations: 0, failures: 0))
  private let isRight: @Sendable (borrowing Frame) -> Bool

  init(_ isRight: @escaping @Sendable (borrowing Frame) -> Bool) { self.isRight = isRight }

  var presentations: Int { state.withLock { $0.presentations } }
  var failures: Int { state.withLock { $0.failures } }

  func present(_ frame: borrowing Frame, damage: Damage) {
    let isRight = isRight(frame)
    state.withLock { state in
      state.presentations += 1
      if !isRight { state.failures += 1 }
    }
  }
}
