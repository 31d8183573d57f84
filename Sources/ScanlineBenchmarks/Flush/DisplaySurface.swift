import Display
import Glibc

/// What every way to flush ends in: the surface of a display, as a window's texture or the one that a
/// VNC server sends from, which takes whatever it is told has changed.
@safe
final class DisplaySurface {
  private let pixels: UnsafeMutableRawPointer
  private let rowBytes: Int
  private let bytesPerPixel: Int
  /// The CPU time it has taken so far, in seconds.
  private(set) var time = 0.0
  /// Bytes taken so far.
  private(set) var bytes = 0

  init(_ mode: DisplayMode) {
    rowBytes = mode.rowBytes
    bytesPerPixel = mode.format.bytesPerPixel
    unsafe pixels = .allocate(byteCount: mode.height * mode.rowBytes, alignment: 4096)
    // Touched now, not in the first tick.
    unsafe memset(pixels, 0, mode.height * mode.rowBytes)
  }

  deinit {
    unsafe pixels.deallocate()
  }

  /// Takes whole lines of a copy of the screen.
  func take(lines: Range<Int>, of copy: UnsafeRawPointer) {
    measure {
      let offset = lines.lowerBound * rowBytes
      unsafe memcpy(pixels + offset, copy + offset, lines.count * rowBytes)
      bytes += lines.count * rowBytes
    }
  }

  /// Takes what a machine says has changed.
  func take(_ damage: Damage, of frame: borrowing Frame) {
    measure {
      for run in damage.runs {
        let start = run.columns.lowerBound * bytesPerPixel
        let count = run.columns.count * bytesPerPixel
        for line in run.lines {
          frame.withRow(line) { row in
            unsafe row.withUnsafeBytes { row in
              guard let row = row.baseAddress else { return }
              unsafe memcpy(pixels + line * rowBytes + start, row + start, count)
            }
          }
        }
        bytes += run.lines.count * count
      }
    }
  }

  private func measure(_ body: () -> Void) {
    time += duration(on: CLOCK_THREAD_CPUTIME_ID, of: body)
  }
}
