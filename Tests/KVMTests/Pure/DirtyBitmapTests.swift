import TestSupport
import Testing

@testable import KVM

@Suite("DirtyBitmap against a set of page numbers", .timeLimit(.minutes(5)))
struct DirtyBitmapTests {
  static let sizes = [0, 1, 63, 64, 65, 127, 128, 131, 1000]

  @Test(arguments: sizes)
  func `every operation agrees with a set`(pageCount: Int) {
    for seed: UInt64 in 0..<50 {
      var random = SplitMix64(seed: seed)
      let (left, right) = (pages(pageCount, &random), pages(pageCount, &random))
      var union = bitmap(pageCount, left)
      let other = bitmap(pageCount, right)
      #expect(list(union) == left.sorted(), "seed \(seed)")
      union.formUnion(other)
      #expect(list(union) == left.union(right).sorted(), "seed \(seed)")
      union.subtract(other)
      #expect(list(union) == left.subtracting(right).sorted(), "seed \(seed)")
      #expect(union.count == left.subtracting(right).count, "seed \(seed)")
      #expect(union.isEmpty == left.isSubset(of: right), "seed \(seed)")
    }
  }

  @Test(arguments: sizes)
  func `runs are maximal, ascending and cover exactly the set`(pageCount: Int) {
    for seed: UInt64 in 0..<50 {
      var random = SplitMix64(seed: seed)
      let set = pages(pageCount, &random)
      var previousEnd = -1
      var covered: [Int] = []
      bitmap(pageCount, set).forEachRun { run in
        #expect(!run.isEmpty && run.lowerBound > previousEnd, "seed \(seed): \(run)")
        previousEnd = run.upperBound
        covered.append(contentsOf: run)
      }
      #expect(covered == set.sorted(), "seed \(seed)")
    }
  }

  @Test(arguments: sizes)
  func `all pages are one run, and no bit lies past the last page`(pageCount: Int) {
    var all = DirtyBitmap(pageCount: pageCount)
    all.insertAll()
    var runs: [Range<Int>] = []
    all.forEachRun { runs.append($0) }
    #expect(runs == (pageCount == 0 ? [] : [0..<pageCount]))
    #expect(all.words.count == (pageCount + 63) / 64)
    #expect(all.words.reduce(0) { $0 + $1.nonzeroBitCount } == pageCount)
    all.removeAll()
    #expect(all.isEmpty)
  }

  @Test func `inserting a range is inserting its pages`() {
    for seed: UInt64 in 0..<500 {
      var random = SplitMix64(seed: seed)
      let pageCount = Int.random(in: 1...300, using: &random)
      let first = Int.random(in: -5...pageCount, using: &random)
      let range = first..<first + Int.random(in: 0...200, using: &random)
      var inserted = DirtyBitmap(pageCount: pageCount)
      inserted.insert(range)
      var expected = DirtyBitmap(pageCount: pageCount)
      for page in range { expected.insert(page) }
      #expect(inserted == expected, "seed \(seed): \(range) of \(pageCount)")
    }
  }

  @Test func `pages outside the bitmap are ignored`() {
    var bitmap = DirtyBitmap(pageCount: 70)
    for page in [-1, 70, 127, 128, .max, .min] {
      bitmap.insert(page)
      bitmap.remove(page)
      #expect(!bitmap[page])
    }
    #expect(bitmap.isEmpty)
    var wider = DirtyBitmap(pageCount: 128)
    wider.insertAll()
    bitmap.formUnion(wider)
    #expect(bitmap.count == 70)
    #expect(DirtyBitmap(pageCount: -3).pageCount == 0)
  }

  @Test func `the kernel writes whole words, and the tail is cleared`() {
    var bitmap = DirtyBitmap(pageCount: 67)
    let result = unsafe bitmap.withKernelWords { words in
      unsafe words.storeBytes(of: UInt64.max, toByteOffset: 0, as: UInt64.self)
      unsafe words.storeBytes(of: UInt64.max, toByteOffset: 8, as: UInt64.self)
      return 7
    }
    #expect(result == 7)
    #expect(bitmap.words == [.max, 0b111])
  }

  @Test func `a body that throws ends the iteration`() {
    struct Stop: Error {}
    var bitmap = DirtyBitmap(pageCount: 10)
    bitmap.insert(2)
    bitmap.insert(5)
    var seen: [Range<Int>] = []
    #expect(throws: Stop.self) {
      try bitmap.forEachRun { run in
        seen.append(run)
        throw Stop()
      }
    }
    #expect(seen == [2..<3])
  }

  private func pages(_ pageCount: Int, _ random: inout SplitMix64) -> Set<Int> {
    // Dense and sparse ones: runs across words, and single bits.
    let density = [0.02, 0.5, 0.98].randomElement(using: &random) ?? 0.5
    return Set((0..<pageCount).filter { _ in Double.random(in: 0..<1, using: &random) < density })
  }

  private func bitmap(_ pageCount: Int, _ pages: Set<Int>) -> DirtyBitmap {
    var bitmap = DirtyBitmap(pageCount: pageCount)
    for page in pages { bitmap.insert(page) }
    return bitmap
  }

  private func list(_ bitmap: DirtyBitmap) -> [Int] {
    (0..<bitmap.pageCount).filter { bitmap[$0] }
  }
}
