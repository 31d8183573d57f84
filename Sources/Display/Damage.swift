/// Adjacent scanlines that changed in the same columns.
public struct ScanlineRun: Equatable, Sendable {
  /// The lines, counted from the top of the picture.
  public var lines: Range<Int>
  /// The columns in pixels: from the first changed pixel of each line to its last one.
  public var columns: Range<Int>

  public init(lines: Range<Int>, columns: Range<Int>) {
    self.lines = lines
    self.columns = columns
  }
}

/// What changed between two frames: sorted, disjoint runs of scanlines, each with its x extent.
///
/// A line has at most one extent. Adjacent lines share a run exactly if their extents are equal, so
/// that damage never covers a pixel outside a changed line's extent, and a filled rectangle is one
/// run. A sink that prefers one rectangle to exactness takes ``boundingBox``.
///
/// The storage is kept from one update to the next: a damage that has once been as large as now is
/// filled without an allocation.
public struct Damage: Equatable, Sendable {
  /// The runs, top to bottom; none is empty.
  public private(set) var runs: [ScanlineRun] = []

  /// No damage.
  public init() {}

  /// The damage of an entire frame of `width` x `height` pixels; none if either is 0.
  public static func full(width: Int, height: Int) -> Damage {
    var damage = Damage()
    if width > 0, height > 0 {
      damage.runs = [ScanlineRun(lines: 0..<height, columns: 0..<width)]
    }
    return damage
  }

  /// Whether nothing changed.
  public var isEmpty: Bool { runs.isEmpty }

  /// The number of changed lines.
  public var lineCount: Int { runs.reduce(0) { $0 + $1.lines.count } }

  /// The smallest rectangle that holds all the damage; `nil` if there is none.
  public var boundingBox: ScanlineRun? {
    guard let first = runs.first, let last = runs.last else { return nil }
    var columns = first.columns
    for run in runs.dropFirst() { columns = columns.union(run.columns) }
    return ScanlineRun(lines: first.lines.lowerBound..<last.lines.upperBound, columns: columns)
  }

  /// The columns that changed on `line`; `nil` if it did not change.
  public func columns(onLine line: Int) -> Range<Int>? {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = low + (high - low) / 2
      if runs[middle].lines.upperBound <= line { low = middle + 1 } else { high = middle }
    }
    guard low < runs.count, runs[low].lines.contains(line) else { return nil }
    return runs[low].columns
  }

  /// Adds the extent `columns` to `line`, which is the last damaged line or one below it. Adding to
  /// the last line once more widens its extent.
  ///
  /// - Precondition: no line below `line` is damaged already.
  public mutating func add(line: Int, columns: Range<Int>) {
    guard !columns.isEmpty else { return }
    if let last = runs.last,
      last.lines.upperBound > line || last.lines.upperBound == line && last.columns == columns
    {
      widenLast(toLine: line, columns)
    } else {
      runs.append(ScanlineRun(lines: line..<line + 1, columns: columns))
    }
  }

  /// Forgets all damage and keeps the storage.
  public mutating func removeAll() {
    runs.removeAll(keepingCapacity: true)
  }

  /// Adds to the last run a line that continues it, or to the last line columns that may be new.
  private mutating func widenLast(toLine line: Int, _ columns: Range<Int>) {
    let last = runs.count - 1
    let lines = runs[last].lines
    if lines.upperBound == line {
      runs[last].lines = lines.lowerBound..<line + 1
      return
    }
    precondition(lines.upperBound == line + 1, "damage is added from the top of the picture down")
    let widened = runs[last].columns.union(columns)
    guard widened != runs[last].columns else { return }
    // The line leaves its run, and may now continue the run before: add it again.
    if lines.count == 1 {
      runs.removeLast()
    } else {
      runs[last].lines = lines.lowerBound..<line
    }
    add(line: line, columns: widened)
  }

  /// Stops the program unless the runs are non-empty, sorted, disjoint, and merged where they can be.
  public func _checkInvariants() {
    for run in runs {
      precondition(!run.lines.isEmpty && !run.columns.isEmpty, "an empty run in \(runs)")
      precondition(run.lines.lowerBound >= 0 && run.columns.lowerBound >= 0, "outside: \(runs)")
    }
    for (upper, lower) in zip(runs, runs.dropFirst()) {
      precondition(upper.lines.upperBound <= lower.lines.lowerBound, "unsorted: \(runs)")
      precondition(
        upper.lines.upperBound < lower.lines.lowerBound || upper.columns != lower.columns,
        "two runs that should be one: \(runs)")
    }
  }
}

extension Range<Int> {
  /// The smallest range that holds both.
  func union(_ other: Range<Int>) -> Range<Int> {
    Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
