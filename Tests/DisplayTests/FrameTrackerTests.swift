import Display
import Testing

/// A tracker that has shown `mode` of an empty video memory already, so that only changes count.
func trackerShowing(_ mode: DisplayMode, _ memory: inout VideoMemory) -> FrameTracker {
  var tracker = FrameTracker()
  tracker.setMode(mode)
  tracker.tick(&memory)
  return tracker
}

@Suite(.timeLimit(.minutes(5)))
struct FrameTrackerTests {
  /// 1000 x 8 pixels of 4 bytes: a line is 4000 bytes and the stride 4200, so that lines lie across
  /// page boundaries.
  static let size = 1 << 16
  let wide: DisplayMode
  /// 20 x 50 pixels of 2 bytes, stride 64: some 64 lines to a page.
  let narrow: DisplayMode

  init() throws {
    wide = try #require(
      DisplayMode(
        width: 1000, height: 8, format: .xrgb8888, stride: 4200, startOffset: 0,
        videoMemorySize: Self.size))
    narrow = try #require(
      DisplayMode(
        width: 20, height: 50, format: .rgb565, stride: 64, startOffset: 0,
        videoMemorySize: Self.size))
  }

  @Test func isSwitchedOffAtFirst() {
    var tracker = FrameTracker()
    var memory = VideoMemory(size: Self.size)
    memory.write(1, at: 0)
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.frame.mode == nil)
    #expect(tracker.frame.width == 0 && tracker.frame.height == 0 && tracker.frame.rowBytes == 0)
    #expect(tracker.statistics.pagesReported == 1)
    #expect(tracker.statistics.bytesCompared == 0)
  }

  @Test func firstFrameIsFullDamage() {
    var memory = VideoMemory(size: Self.size)
    memory.writeUnlogged(9, at: 4)
    let tracker = trackerShowing(narrow, &memory)
    #expect(tracker.damage == .full(width: 20, height: 50))
    #expect(tracker.frame.row(0)[4] == 9, "whether or not the log reported it")
  }

  @Test func pixelsThatChangeAreDamage() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    memory.write(1, at: 4200 + 40)  // pixel 10 of line 1
    memory.write(1, at: 4200 + 83)  // pixel 20, its last byte
    let isChanged = tracker.tick(&memory)
    #expect(isChanged)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 10..<21)])
  }

  @Test func aRectangleIsOneRun() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(narrow, &memory)
    for line in 10..<30 { memory.write([1, 1, 1, 1], at: line * 64 + 6) }
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 10..<30, columns: 3..<5)])
  }

  @Test func idleUpdateTouchesNothing() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    let before = tracker.statistics
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.damage.isEmpty)
    #expect(tracker.statistics.updates == before.updates + 1)
    #expect(tracker.statistics.pagesReported == before.pagesReported)
    #expect(tracker.statistics.bytesCompared == before.bytesCompared)
  }

  @Test func falsePositiveIsNoDamage() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    let before = tracker.statistics
    memory.write(1, at: 100)
    memory.write(0, at: 100)
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.damage.isEmpty)
    #expect(tracker.statistics.pagesReported == before.pagesReported + 1)
    #expect(tracker.statistics.pagesVisible == before.pagesVisible + 1)
    #expect(tracker.statistics.pagesChanged == before.pagesChanged)
    #expect(tracker.statistics.bytesCompared == before.bytesCompared + 4000)
    #expect(tracker.statistics.bytesCopied == before.bytesCopied)
  }

  @Test(arguments: [
    4000, 4199,  // between the lines
    8 * 4200 - 200, 8 * 4200 - 1,  // after the last visible pixel, before the next line
    8 * 4200, 65535,  // after the window
  ])
  func paddingIsNoDamage(offset: Int) {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    memory.write(1, at: offset)
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.damage.isEmpty)
  }

  @Test func bytesBeforeTheWindowAreNoDamage() throws {
    let mode = try #require(
      DisplayMode(
        width: 8, height: 4, format: .indexed8, stride: 8, startOffset: 4100,
        videoMemorySize: Self.size))
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(mode, &memory)
    let before = tracker.statistics.pagesVisible
    memory.write(1, at: 0)
    memory.write(1, at: 4099)
    tracker.tick(&memory)
    #expect(tracker.damage.isEmpty)
    #expect(tracker.statistics.pagesVisible == before + 1, "the first page shows nothing")
    memory.write(1, at: 4100)
    memory.write(1, at: 4131)
    memory.write(1, at: 4132)
    tracker.tick(&memory)
    #expect(
      tracker.damage.runs == [
        ScanlineRun(lines: 0..<1, columns: 0..<1), ScanlineRun(lines: 3..<4, columns: 7..<8),
      ])
  }

  @Test func aLineAcrossPagesIsComparedOnDirtyPagesOnly() {
    // Line 1 is the bytes 4200 to 8199: all on page 1, but for its last two pixels on page 2.
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    memory.write(1, at: 4200)
    memory.writeUnlogged(1, at: 8192)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 0..<1)])
    memory.markDirty(page: 2)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 998..<999)])
  }

  @Test func aLineThatChangesOnTwoPagesHasOneExtent() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(wide, &memory)
    let before = tracker.statistics
    memory.write(1, at: 4200 + 4)
    memory.write(1, at: 8192 + 4)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 1..<1000)])
    #expect(tracker.statistics.pagesChanged == before.pagesChanged + 2)
    #expect(tracker.statistics.scanlinesFlushed == before.scanlinesFlushed + 1)
    // Page 1 has lines 0 (no visible byte) and 1, page 2 has lines 1 and 2.
    #expect(tracker.statistics.scanlinesCompared == before.scanlinesCompared + 2)
    // Whole words or blocks are stored, one for each of the two pages.
    let copied = tracker.statistics.bytesCopied - before.bytesCopied
    #expect((2...64).contains(copied))
  }

  @Test func aPixelAcrossPagesIsDamagedByEitherPart() throws {
    let mode = try #require(
      DisplayMode(
        width: 2000, height: 2, format: .rgb888, stride: 6000, startOffset: 0,
        videoMemorySize: Self.size))
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(mode, &memory)
    // Pixel 1365 is the bytes 4095 to 4097.
    memory.write(1, at: 4095)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 0..<1, columns: 1365..<1366)])
    memory.write(1, at: 4097)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 0..<1, columns: 1365..<1366)])
  }

  @Test func aPageHasManyLines() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(narrow, &memory)
    for line in 0..<50 where line % 3 == 0 { memory.write(7, at: line * 64 + line % 40) }
    tracker.tick(&memory)
    let expected = stride(from: 0, to: 50, by: 3).map { line in
      (line, (line % 40 / 2)..<(line % 40 / 2 + 1))
    }
    #expect(tracker.damage.extents == Dictionary(uniqueKeysWithValues: expected))
  }

  @Test func framesAreCopiedOnPurposeOnly() {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(narrow, &memory)
    let former = tracker.frame.copy()
    memory.write(1, at: 0)
    tracker.tick(&memory)
    #expect(former.row(0)[0] == 0)
    #expect(tracker.frame.row(0)[0] == 1)
  }
}
