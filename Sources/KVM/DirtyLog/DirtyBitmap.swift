/// A set of pages: one bit per page of 4096 bytes, in the kernel's layout.
///
/// The words are 64 bits each, page `p` is bit `p % 64` of word `p / 64`, and bits past the last
/// page are 0. The kernel writes whole words: `ALIGN(pages, 64) / 8` bytes.
public struct DirtyBitmap: Sendable, Equatable {
  /// The number of pages covered.
  public let pageCount: Int

  /// The bits, 64 pages a word.
  public private(set) var words: [UInt64]

  /// An empty set over `pageCount` pages; a negative number counts as 0.
  public init(pageCount: Int) {
    self.pageCount = max(0, pageCount)
    words = [UInt64](repeating: 0, count: (self.pageCount + 63) / 64)
  }

  /// Whether the page is in the set; pages outside the bitmap are not.
  public subscript(page: Int) -> Bool {
    guard page >= 0, page < pageCount else { return false }
    return words[page / 64] & (1 << UInt64(page % 64)) != 0
  }

  /// Adds a page; one outside the bitmap is ignored.
  public mutating func insert(_ page: Int) {
    guard page >= 0, page < pageCount else { return }
    words[page / 64] |= 1 << UInt64(page % 64)
  }

  /// Adds the pages of a range, as far as they are in the bitmap.
  public mutating func insert(_ pages: Range<Int>) {
    let pages = pages.clamped(to: 0..<pageCount)
    guard !pages.isEmpty else { return }
    let (first, last) = (pages.lowerBound / 64, (pages.upperBound - 1) / 64)
    let head = ~UInt64(0) << UInt64(pages.lowerBound % 64)
    let tail = ~UInt64(0) >> UInt64(63 - (pages.upperBound - 1) % 64)
    guard first < last else {
      words[first] |= head & tail
      return
    }
    words[first] |= head
    for index in first + 1..<last { words[index] = ~0 }
    words[last] |= tail
  }

  /// Removes a page; one outside the bitmap is ignored.
  public mutating func remove(_ page: Int) {
    guard page >= 0, page < pageCount else { return }
    words[page / 64] &= ~(1 << UInt64(page % 64))
  }

  /// Adds every page.
  public mutating func insertAll() {
    for index in words.indices { words[index] = ~0 }
    clearTail()
  }

  /// Removes every page.
  public mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
  }

  /// Replaces the set by the one whose words are given, in the same layout; missing words count as 0.
  public mutating func replace(with words: Span<UInt64>) {
    for index in self.words.indices { self.words[index] = index < words.count ? words[index] : 0 }
    clearTail()
  }

  /// Adds the pages of another set, as far as they are in this bitmap.
  public mutating func formUnion(_ other: DirtyBitmap) {
    for index in 0..<min(words.count, other.words.count) { words[index] |= other.words[index] }
    clearTail()
  }

  /// Removes the pages of another set.
  public mutating func subtract(_ other: DirtyBitmap) {
    for index in 0..<min(words.count, other.words.count) { words[index] &= ~other.words[index] }
  }

  /// Removes the pages that are not in another set.
  public mutating func formIntersection(_ other: DirtyBitmap) {
    for index in words.indices {
      words[index] &= index < other.words.count ? other.words[index] : 0
    }
  }

  /// Whether no page is in the set.
  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The number of pages in the set.
  public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// Calls `body` with each maximal run of consecutive pages in the set, in ascending order.
  @inlinable
  public func forEachRun<Failure: Error>(
    _ body: (Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    var start = nextPage(from: 0, inSet: true)
    while start < pageCount {
      let end = nextPage(from: start, inSet: false)
      try body(start..<end)
      start = nextPage(from: end, inSet: true)
    }
  }

  /// The first page from `page` on that is (or is not) in the set; ``pageCount`` if there is none.
  @usableFromInline
  func nextPage(from page: Int, inSet: Bool) -> Int {
    var index = page / 64
    // The bits below `page` do not count in the first word.
    var mask = ~UInt64(0) << UInt64(page % 64)
    while index < words.count {
      let candidates = (inSet ? words[index] : ~words[index]) & mask
      if candidates != 0 { return min(index * 64 + candidates.trailingZeroBitCount, pageCount) }
      mask = ~0
      index += 1
    }
    return pageCount
  }

  /// Lets the kernel write the words. The pointer is good for `words.count` words; not called when
  /// there are none.
  mutating func withKernelWords(_ body: (UnsafeMutableRawPointer) -> Int32) -> Int32 {
    let result = unsafe words.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress.map(body) ?? 0
    }
    clearTail()
    return result
  }

  /// Keeps the bits past the last page 0, which every other member relies on.
  private mutating func clearTail() {
    guard !pageCount.isMultiple(of: 64), let last = words.indices.last else { return }
    words[last] &= ~(~0 << UInt64(pageCount % 64))
  }
}
