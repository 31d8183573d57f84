import Display
import Glibc
import KVM
import VMM

/// A copy of the visible pixels, kept by the plain means of C, and the display that shows it.
@safe
final class FrameCopy {
  let source: VideoSource
  let mode: DisplayMode
  /// In bytes.
  let size: Int
  let surface: DisplaySurface
  private let shadow: UnsafeMutableRawPointer
  private let video: UnsafeRawPointer

  init(_ source: VideoSource, _ mode: DisplayMode) throws(BenchmarkError) {
    guard let video = unsafe source.memory.bytes.baseAddress else {
      throw BenchmarkError("there is no video memory")
    }
    self.source = source
    self.mode = mode
    surface = DisplaySurface(mode)
    size = mode.rowBytes * mode.height
    unsafe self.video = UnsafeRawPointer(video)
    unsafe shadow = .allocate(byteCount: size, alignment: 4096)
    // Touched now, not in the first tick.
    unsafe memset(shadow, 0, size)
  }

  deinit {
    unsafe shadow.deallocate()
  }

  /// The bytes of video memory that hold `line`.
  func bytes(ofLine line: Int) -> Range<Int> {
    let start = mode.startOffset + line * mode.stride
    return start..<start + mode.rowBytes
  }

  /// Whether the copy of `line` equals it: `memcmp`.
  func isCurrent(_ line: Int) -> Bool {
    unsafe memcmp(
      shadow + line * mode.rowBytes, video + bytes(ofLine: line).lowerBound, mode.rowBytes) == 0
  }

  /// Copies `line`: `memcpy`.
  func take(_ line: Int) {
    unsafe memcpy(
      shadow + line * mode.rowBytes, video + bytes(ofLine: line).lowerBound, mode.rowBytes)
  }

  /// Copies all lines.
  func takeAll() {
    for line in 0..<mode.height { take(line) }
  }

  /// Has the display take `lines` of the copy; returns how many bytes they are.
  func show(_ lines: Range<Int>) -> Int {
    unsafe surface.take(lines: lines, of: shadow)
    return lines.count * mode.rowBytes
  }
}
