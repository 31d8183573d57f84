import Display
import TestSupport
import Testing

/// The tracker against a comparison of everything, byte by byte.
@Suite(.timeLimit(.minutes(5)))
struct FrameTrackerPropertyTests {
  static let memorySize = 80 * 4096

  @Test(arguments: 0..<200 as Range<UInt64>)
  func agreesWithNaiveComparison(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let mode = try #require(Self.randomMode(using: &random))
    var memory = VideoMemory(size: Self.memorySize)
    var tracker = trackerShowing(mode, &memory)
    var naive = NaiveTracker(mode: mode)
    for tick in 0..<4 {
      Self.scribble(on: &memory, mode: mode, using: &random)
      let before = tracker.statistics
      let dirtyPages = memory.harvest()
      let isChanged = tracker.update(dirtyPages: dirtyPages, memory: memory)
      let expected = naive.update(dirtyPages: dirtyPages, memory: memory.bytes)
      let comment: Comment = "seed \(seed), tick \(tick), \(String(describing: mode))"
      #expect(tracker.damage.extents == expected.extents, comment)
      #expect(isChanged == !expected.extents.isEmpty, comment)
      #expect(tracker.frame.bytes == naive.shadow, comment)
      let changedPages = (0..<Self.memorySize / 4096).filter {
        tracker.changedPages[$0 / 64] >> UInt64($0 % 64) & 1 == 1
      }
      #expect(Set(changedPages) == expected.changedPages, comment)
      let after = tracker.statistics
      #expect(Int(after.pagesReported - before.pagesReported) == expected.pagesReported, comment)
      #expect(Int(after.pagesVisible - before.pagesVisible) == expected.pagesVisible, comment)
      #expect(Int(after.pagesChanged - before.pagesChanged) == expected.changedPages.count, comment)
      #expect(
        Int(after.scanlinesCompared - before.scanlinesCompared) == expected.linesCompared, comment)
      #expect(
        Int(after.scanlinesFlushed - before.scanlinesFlushed) == expected.extents.count, comment)
      #expect(Int(after.bytesCompared - before.bytesCompared) == expected.bytesCompared, comment)
    }
  }

  /// Lines from one pixel to more than two pages, anywhere in memory, mostly near the end of the
  /// first word of the bitmap.
  private static func randomMode(using random: inout SplitMix64) -> DisplayMode? {
    guard let format = PixelFormat.allCases.randomElement(using: &random) else { return nil }
    let rowLimit = [8, 200, 4096, 9000].randomElement(using: &random) ?? 8
    let width = Int.random(in: 1...(rowLimit / format.bytesPerPixel), using: &random)
    let padding = [0, 0, 1, 64, 4096].randomElement(using: &random) ?? 0
    let stride = width * format.bytesPerPixel + Int.random(in: 0...padding, using: &random)
    let height = Int.random(in: 1...min(12_000 / stride + 1, 300), using: &random)
    let lastStart = memorySize - stride * height
    let start =
      Bool.random(using: &random)
      ? Int.random(in: 0...lastStart, using: &random)
      : min(Int.random(in: (60 * 4096)...(66 * 4096), using: &random), lastStart)
    return DisplayMode(
      width: width, height: height, format: format, stride: stride, startOffset: start,
      videoMemorySize: memorySize)
  }

  /// Stores of all kinds: logged and not (yet) logged, inside and around the window, of new and of
  /// old values, and pages that are reported for no reason.
  private static func scribble(
    on memory: inout VideoMemory, mode: DisplayMode, using random: inout SplitMix64
  ) {
    let near =
      max(mode.window.lowerBound - 5000, 0)..<min(mode.window.upperBound + 5000, memorySize)
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let start = Int.random(in: near, using: &random)
      let length = [1, 2, 30, 3000].randomElement(using: &random) ?? 1
      let isLogged = Int.random(in: 0..<4, using: &random) != 0
      let value: UInt8? = Bool.random(using: &random) ? .random(in: 0...3, using: &random) : nil
      for offset in start..<min(start + Int.random(in: 1...length, using: &random), memorySize) {
        let byte = value ?? .random(in: 0...255, using: &random)
        if isLogged {
          memory.write(byte, at: offset)
        } else {
          memory.writeUnlogged(byte, at: offset)
        }
      }
    }
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      memory.markDirty(page: Int.random(in: near, using: &random) / 4096)
    }
  }
}

/// What the tracker should do, written for clarity alone.
private struct NaiveTracker {
  struct Outcome {
    var extents: [Int: Range<Int>] = [:]
    var pagesReported = 0
    var pagesVisible = 0
    var changedPages: Set<Int> = []
    var linesCompared = 0
    var bytesCompared = 0
  }

  let mode: DisplayMode
  var shadow: [UInt8]

  init(mode: DisplayMode) {
    self.mode = mode
    shadow = Array(repeating: 0, count: mode.height * mode.rowBytes)
  }

  mutating func update(dirtyPages: [UInt64], memory: [UInt8]) -> Outcome {
    var outcome = Outcome()
    outcome.pagesReported = dirtyPages.reduce(0) { $0 + $1.nonzeroBitCount }
    var visiblePages: Set<Int> = []
    for line in 0..<mode.height {
      var isCompared = false
      var changed: [Int] = []
      for byte in 0..<mode.rowBytes {
        let offset = mode.startOffset + line * mode.stride + byte
        let page = offset / 4096
        guard dirtyPages[page / 64] >> UInt64(page % 64) & 1 == 1 else { continue }
        visiblePages.insert(page)
        isCompared = true
        outcome.bytesCompared += 1
        if memory[offset] != shadow[line * mode.rowBytes + byte] {
          outcome.changedPages.insert(page)
          changed.append(byte / mode.format.bytesPerPixel)
          shadow[line * mode.rowBytes + byte] = memory[offset]
        }
      }
      if isCompared { outcome.linesCompared += 1 }
      if let first = changed.first, let last = changed.last {
        outcome.extents[line] = first..<(last + 1)
      }
    }
    outcome.pagesVisible = visiblePages.count
    return outcome
  }
}
