import Display
import Glibc
import VMM

/// How much a flush copies of a screen of which little changes.
struct SparseCopies {
  /// Bytes of the pixels that changed.
  private(set) var changed = 0
  /// Gapless stretches of changed pixels in a line.
  private(set) var runs = 0
  /// Bytes that the flush copied.
  private(set) var copied = 0

  private static let ticks = 20
  private static let cacheLine = 64

  /// What may be copied: a tenth more than changed, and a cache line for each run.
  var allowed: Double { 1.1 * Double(changed) + Double(runs * Self.cacheLine) }

  /// Flushes `machine`, and compares each frame with the one before, pixel by pixel.
  init(of machine: Machine) throws {
    try machine.start()
    defer {
      machine.stop(.quit)
      _ = machine.wait()
    }
    usleep(100_000)
    var former = machine.withFrame { Self.pixels(of: $0) }
    var copiedBefore = machine.flushStatistics?.frames.bytesCopied ?? 0
    for _ in 0..<Self.ticks {
      usleep(16_000)
      let pixels = machine.withFrame { Self.pixels(of: $0) }
      let copied = machine.flushStatistics?.frames.bytesCopied ?? 0
      self.copied += Int(copied - copiedBefore)
      copiedBefore = copied
      count(from: former, to: pixels)
      former = pixels
    }
  }

  private mutating func count(from former: [[UInt32]], to latter: [[UInt32]]) {
    for (former, latter) in zip(former, latter) where former != latter {
      var isInRun = false
      for (former, latter) in zip(former, latter) {
        let differs = former != latter
        if differs { changed += 4 }
        if differs && !isInRun { runs += 1 }
        isInRun = differs
      }
    }
  }

  private static func pixels(of frame: borrowing Frame) -> [[UInt32]] {
    var lines: [[UInt32]] = []
    for line in 0..<frame.height {
      lines.append(
        frame.withRow(line) { row in
          unsafe row.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
              unsafe bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
            }
          }
        })
    }
    return lines
  }
}
