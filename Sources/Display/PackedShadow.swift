/// The packed pixels as they are shown.
struct PackedShadow: Sendable {
  private(set) var screen: PackedScreen
  /// The visible bytes, line by line.
  private var bytes: [UInt8]

  init(_ screen: PackedScreen) {
    self.screen = screen
    bytes = [UInt8](repeating: 0, count: screen.geometry.rowBytes * screen.geometry.height)
  }

  /// What an update has read and changed. One bit for each page of the screen's memory.
  struct Outcome {
    var visiblePages: UInt64 = 0
    var changedPages: UInt64 = 0
    var linesCompared = 0
    var bytesCompared = 0
    var bytesCopied = 0
  }

  /// Unpacks what changed, in memory or by where `next` lies in it, and adds it to the damage.
  ///
  /// - Parameters:
  ///   - next: As large as the one before.
  ///   - dirtyPages: Which pages of the screen's memory have been reported.
  ///   - memory: The screen's memory, which the guest may be writing to. Each byte is read once.
  ///   - frame: As large as the screen, a byte for each pixel.
  mutating func update(
    to next: PackedScreen, dirtyPages: UInt64, memory: UnsafeRawPointer, frame: inout Frame,
    damage: inout Damage
  ) -> Outcome {
    let isMoved =
      (next.memoryOffset, next.startOffset, next.stride)
      != (screen.memoryOffset, screen.startOffset, screen.stride)
    let pages = isMoved ? .max : dirtyPages
    screen = next
    var outcome = Outcome()
    guard pages != 0 else { return outcome }
    let rowBytes = screen.geometry.rowBytes
    for line in 0..<screen.geometry.height {
      let comparedBefore = outcome.bytesCompared
      var byte = 0
      // Pages end where banks do, and a line that leaves its bank goes on at its start.
      while byte < rowBytes {
        let offset = screen.offset(line: line, byte: byte)
        let rest = FrameTracker.pageSize &- offset & (FrameTracker.pageSize &- 1)
        let count = min(rowBytes &- byte, rest)
        let page: UInt64 = 1 &<< UInt64(offset / FrameTracker.pageSize)
        if pages & page != 0 {
          outcome.visiblePages |= page
          outcome.bytesCompared &+= count
          let change = unsafe takeOver(memory + offset, line: line, bytes: byte..<byte &+ count)
          if change.copied > 0 {
            outcome.changedPages |= page
            outcome.bytesCopied &+= change.copied
            let changed =
              byte &+ change.changed.lowerBound..<byte &+ change.changed.upperBound
            draw(changed, line: line, frame: &frame, damage: &damage)
          }
        }
        byte &+= count
      }
      if outcome.bytesCompared != comparedBefore { outcome.linesCompared &+= 1 }
    }
    return outcome
  }

  private mutating func takeOver(
    _ source: UnsafeRawPointer, line: Int, bytes range: Range<Int>
  ) -> TakenOver {
    let offset = line * screen.geometry.rowBytes + range.lowerBound
    return unsafe bytes.withUnsafeMutableBytes { bytes in
      // In bounds: line and range are of the screen's geometry.
      guard let bytes = bytes.baseAddress else { return TakenOver() }
      return unsafe Display.takeOver(source, into: bytes + offset, count: range.count)
    }
  }

  /// Unpacks bytes of a line.
  private func draw(
    _ range: Range<Int>, line: Int, frame: inout Frame, damage: inout Damage
  ) {
    let geometry = screen.geometry
    let (bits, pixelsPerByte) = (geometry.bitsPerPixel, geometry.pixelsPerByte)
    let mask = UInt8(1 << bits - 1)
    let first = line * geometry.rowBytes
    let offset = frame.offset(ofLine: line)
    var pixels = frame.pixels.mutableSpan
    for byte in range {
      let value = bytes[first + byte]
      let target = offset + byte * pixelsPerByte
      for pixel in 0..<pixelsPerByte {
        pixels[target + pixel] = value >> UInt8(8 - bits * (pixel + 1)) & mask
      }
    }
    damage.add(
      line: line, columns: range.lowerBound * pixelsPerByte..<range.upperBound * pixelsPerByte)
  }
}
