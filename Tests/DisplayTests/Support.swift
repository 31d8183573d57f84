import Display

/// Video memory, and the dirty log of what was written to it.
struct VideoMemory {
  private(set) var bytes: [UInt8]
  private var dirtyPages: [UInt64]

  init(size: Int) {
    bytes = Array(repeating: 0, count: size)
    dirtyPages = Array(repeating: 0, count: (size + 64 * 4096 - 1) / (64 * 4096))
  }

  /// What the guest does: the store, and the page's bit in the log.
  mutating func write(_ value: UInt8, at offset: Int) {
    writeUnlogged(value, at: offset)
    markDirty(page: offset / 4096)
  }

  mutating func write(_ values: [UInt8], at offset: Int) {
    for (index, value) in values.enumerated() { write(value, at: offset + index) }
  }

  /// A store that the log does not report (yet).
  mutating func writeUnlogged(_ value: UInt8, at offset: Int) { bytes[offset] = value }

  mutating func markDirty(page: Int) { dirtyPages[page / 64] |= 1 << UInt64(page % 64) }

  func isDirty(page: Int) -> Bool { dirtyPages[page / 64] & (1 << UInt64(page % 64)) != 0 }

  /// What the log reports; it starts anew.
  mutating func harvest() -> [UInt64] {
    defer { dirtyPages = dirtyPages.map { _ in 0 } }
    return dirtyPages
  }
}

extension FrameTracker {
  /// Shows `memory` after the harvest `dirtyPages`, and checks the invariants of the damage.
  @discardableResult
  mutating func update(dirtyPages: [UInt64], memory: VideoMemory) -> Bool {
    let isChanged = unsafe memory.bytes.withUnsafeBytes { bytes in
      unsafe update(dirtyPages: dirtyPages.span, memory: bytes)
    }
    damage._checkInvariants()
    return isChanged
  }

  /// A tick: harvest, then update.
  @discardableResult
  mutating func tick(_ memory: inout VideoMemory) -> Bool {
    let dirtyPages = memory.harvest()
    return update(dirtyPages: dirtyPages, memory: memory)
  }
}

extension Frame {
  /// The pixels of a line, in the guest's format.
  func row(_ line: Int) -> [UInt8] {
    withRow(line) { row in row.indices.map { row[$0] } }
  }

  /// All pixels.
  var bytes: [UInt8] { (0..<height).flatMap { row($0) } }
}

extension Damage {
  /// The extents line by line, as a naive comparison would list them.
  var extents: [Int: Range<Int>] {
    var extents: [Int: Range<Int>] = [:]
    for run in runs { for line in run.lines { extents[line] = run.columns } }
    return extents
  }
}

extension ImageEncoder {
  /// The file.
  func file(of frame: borrowing Frame) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try encode(frame) { piece in
      for index in piece.indices { bytes.append(piece[index]) }
    }
    return bytes
  }
}
