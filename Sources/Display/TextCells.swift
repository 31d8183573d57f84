import Glibc
import Synchronization

/// The cells of a screen of characters: those that are shown, and those that are to be shown next. A
/// cell is the character's code in its low byte and the attribute in its high byte.
struct TextCells: Sendable {
  let rows: Int
  let columns: Int
  /// What is shown, row by row.
  private(set) var shown: [UInt16]
  /// What is to be shown; the same as `shown` but for the rows of ``isChanged``.
  private(set) var next: [UInt16]
  /// For each row, whether a cell of it is to change.
  private(set) var isChanged: [Bool]
  private(set) var changedRowCount = 0

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    shown = [UInt16](repeating: 0, count: rows * columns)
    next = shown
    isChanged = [Bool](repeating: false, count: rows)
  }

  /// The row to come is the row `other` of those that are shown.
  func isRow(_ row: Int, equalToShown other: Int) -> Bool {
    unsafe next.withUnsafeBytes { next in
      unsafe shown.withUnsafeBytes { shown in
        guard let next = next.baseAddress, let shown = shown.baseAddress else { return true }
        let size = 2 * columns
        return unsafe memcmp(next + row * size, shown + other * size, size) == 0
      }
    }
  }

  /// What has been read is shown now.
  mutating func finish() {
    guard changedRowCount > 0 else { return }
    swap(&shown, &next)
    unsafe next.withUnsafeMutableBytes { next in
      unsafe shown.withUnsafeBytes { unsafe next.copyMemory(from: $0) }
    }
    for row in isChanged.indices { isChanged[row] = false }
    changedRowCount = 0
  }
}

// MARK: - Reading

extension TextCells {
  /// What was read of the screen's memory. One bit for each of its pages.
  struct Reading {
    var visiblePages: UInt64 = 0
    var changedPages: UInt64 = 0
    var cellCount = 0
    var rowCount = 0
  }

  /// Reads the cells of `screen` that lie on `pages`.
  ///
  /// - Parameter memory: Video memory, which the guest may be writing to. Each cell is read once, as
  ///   a whole.
  mutating func read(
    _ screen: TextScreen, pages: UInt64, memory: UnsafeRawPointer
  ) -> Reading {
    var reading = Reading()
    guard pages != 0 else { return reading }
    for row in 0..<rows {
      let former = (cells: reading.cellCount, changes: reading.changedPages)
      reading.changedPages = 0
      var column = 0
      // Pages end where memory does, and a row that leaves it goes on at its start.
      while column < columns {
        let offset = screen.offset(row: row, column: column)
        let rest = FrameTracker.pageSize &- offset & (FrameTracker.pageSize &- 1)
        let count = min(columns &- column, rest / 2)
        let page = 1 &<< UInt64((offset &- screen.memory.lowerBound) / FrameTracker.pageSize)
        if pages & page != 0 {
          reading.visiblePages |= page
          reading.cellCount &+= count
          let index = row &* columns &+ column
          if unsafe read(index..<index &+ count, from: memory + offset) {
            reading.changedPages |= page
          }
        }
        column &+= count
      }
      if reading.changedPages != 0 {
        isChanged[row] = true
        changedRowCount &+= 1
      }
      reading.changedPages |= former.changes
      if reading.cellCount != former.cells { reading.rowCount &+= 1 }
    }
    return reading
  }

  /// Reads adjacent cells. True if one of them has changed.
  private mutating func read(_ cells: Range<Int>, from memory: UnsafeRawPointer) -> Bool {
    let source = unsafe memory.assumingMemoryBound(to: Atomic<UInt16>.self)
    return unsafe next.withUnsafeMutableBufferPointer { next in
      let target = next.extracting(cells)
      var difference: UInt16 = 0
      for index in target.indices {
        let cell = unsafe UInt16(littleEndian: source[index].load(ordering: .relaxed))
        difference |= unsafe cell ^ target[index]
        unsafe target[index] = cell
      }
      return difference != 0
    }
  }
}

// MARK: - Scrolling

extension TextCells {
  /// How many places are tried: text that repeats itself has many.
  private static let maximumCandidates = 8

  /// By how many rows the shown cells have to move up, those of the first rows to the end, so that most
  /// of them are where they are to be shown; 0 if they are best left where they are.
  func scrollDistance() -> Int {
    guard changedRowCount > 1, let first = isChanged.firstIndex(of: true) else { return 0 }
    var best = (distance: 0, rightRows: rows - changedRowCount)
    var candidates = 0
    for other in first + 1..<max(rows, first + 1) where isRow(first, equalToShown: other) {
      let distance = other - first
      let rightRows = (0..<rows).count {
        isRow($0, equalToShown: ($0 + distance) % rows)
      }
      if rightRows > best.rightRows { best = (distance, rightRows) }
      candidates += 1
      if candidates == Self.maximumCandidates { break }
    }
    return best.distance
  }
}
