import Display
import Testing

/// What happens when the guest changes the mode, flips pages, or loads the palette.
@Suite(.timeLimit(.minutes(5)))
struct FrameTrackerModeTests {
  static let size = 1 << 16

  private func mode(
    width: Int = 16, height: Int = 4, _ format: PixelFormat = .indexed8, stride: Int = 64,
    start: Int = 0
  ) throws -> DisplayMode {
    try #require(
      DisplayMode(
        width: width, height: height, format: format, stride: stride, startOffset: start,
        videoMemorySize: Self.size))
  }

  @Test func anotherGeometryStartsOver() throws {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(try mode(), &memory)
    let modes = [
      try mode(width: 17), try mode(width: 17, height: 5), try mode(width: 17, height: 5, .rgb555),
      try mode(width: 17, height: 5, .rgb565),
    ]
    for mode in modes {
      tracker.setMode(mode)
      let isChanged = tracker.tick(&memory)
      #expect(isChanged)
      #expect(tracker.damage == .full(width: mode.width, height: mode.height))
      #expect(tracker.frame.mode == mode)
      #expect(tracker.frame.bytes.count == mode.height * mode.rowBytes)
    }
  }

  @Test func switchingOffIsReportedOnce() throws {
    var memory = VideoMemory(size: Self.size)
    memory.write(3, at: 0)
    var tracker = trackerShowing(try mode(), &memory)
    tracker.setMode(nil)
    #expect(tracker.frame.mode != nil, "until the next update")
    let first = tracker.tick(&memory)
    let second = tracker.tick(&memory)
    #expect(first && !second)
    #expect(tracker.frame.mode == nil)
    #expect(tracker.damage.isEmpty)
    tracker.setMode(try mode())
    let third = tracker.tick(&memory)
    #expect(third)
    #expect(tracker.damage == .full(width: 16, height: 4))
    #expect(tracker.frame.row(0)[0] == 3)
  }

  @Test func onlyTheModeAtTheUpdateCounts() throws {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(try mode(), &memory)
    let comparisons = tracker.statistics.fullComparisons
    tracker.setMode(nil)
    tracker.setMode(try mode(width: 5, .rgb888), palette: Palette { _ in .white })
    tracker.setMode(try mode())
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.statistics.fullComparisons == comparisons)
  }

  @Test func aFlipDamagesWhatDiffers() throws {
    var memory = VideoMemory(size: Self.size)
    memory.write(Array(repeating: 5, count: 256), at: 0)
    memory.write(Array(repeating: 5, count: 256), at: 20_000)
    memory.write([6, 5, 7], at: 20_000 + 64 + 2)
    var tracker = trackerShowing(try mode(), &memory)
    tracker.setMode(try mode(start: 20_000))
    let isChanged = tracker.tick(&memory)  // The log has nothing to report.
    #expect(isChanged)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 2..<5)])
    #expect(tracker.frame.row(1)[2..<5] == [6, 5, 7])
    #expect(tracker.frame.mode?.startOffset == 20_000)
    let isChangedAgain = tracker.tick(&memory)
    #expect(!isChangedAgain)
  }

  @Test func aFlipToEqualPixelsIsNoDamage() throws {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(try mode(), &memory)
    tracker.setMode(try mode(start: 4096 - 8))
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    memory.write(1, at: 4096 - 8)
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 0..<1, columns: 0..<1)])
  }

  @Test func anotherStrideDamagesWhatDiffers() throws {
    var memory = VideoMemory(size: Self.size)
    memory.write(9, at: 100)
    var tracker = trackerShowing(try mode(stride: 64), &memory)
    #expect(tracker.frame.bytes.allSatisfy { $0 == 0 }, "byte 100 is padding")
    tracker.setMode(try mode(stride: 100))
    tracker.tick(&memory)
    #expect(tracker.damage.runs == [ScanlineRun(lines: 1..<2, columns: 0..<1)])
  }

  @Test func aPaletteDamagesTheShownPixelsOfItsChangedEntries() throws {
    var memory = VideoMemory(size: Self.size)
    memory.write([1, 2, 1, 3], at: 0 + 4)
    memory.write([2, 2], at: 128)
    memory.write([3, 0, 1], at: 192)
    var tracker = trackerShowing(try mode(), &memory)
    var palette = Palette()
    palette[1] = .white
    palette[200] = .white  // Shown nowhere.
    tracker.setMode(try mode(), palette: palette)
    let isChanged = tracker.tick(&memory)
    #expect(isChanged)
    #expect(
      tracker.damage.runs == [
        ScanlineRun(lines: 0..<1, columns: 4..<7), ScanlineRun(lines: 3..<4, columns: 2..<3),
      ])
    #expect(tracker.frame.rgb(x: 4, y: 0) == .white)
    #expect(tracker.frame.rgb(x: 5, y: 0) == .black)
    let isChangedAgain = tracker.tick(&memory)
    #expect(!isChangedAgain)
  }

  @Test func aPaletteOfEqualOrUnusedEntriesIsNoDamage() throws {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(try mode(), &memory)
    tracker.setMode(try mode(), palette: Palette { _ in .black })
    let equal = tracker.tick(&memory)
    #expect(!equal)
    tracker.setMode(try mode(), palette: Palette { $0 == 0 ? .black : .white })
    let unused = tracker.tick(&memory)
    #expect(!unused)
    #expect(tracker.frame.palette[255] == .white, "the next pixel of entry 255 is white")
  }

  @Test func pixelsAndPaletteChangeTogether() throws {
    var memory = VideoMemory(size: Self.size)
    memory.write(1, at: 3)
    memory.write(1, at: 64 * 2 + 5)
    var tracker = trackerShowing(try mode(), &memory)
    var palette = Palette()
    palette[1] = .white
    tracker.setMode(try mode(), palette: palette)
    memory.write(2, at: 8)  // Widens the extent of a recoloured line,
    memory.write(2, at: 64 + 9)  // is a line of its own,
    memory.write(2, at: 64 * 2 + 5)  // and takes the place of a recoloured pixel.
    tracker.tick(&memory)
    #expect(
      tracker.damage.runs == [
        ScanlineRun(lines: 0..<1, columns: 3..<9), ScanlineRun(lines: 1..<2, columns: 9..<10),
        ScanlineRun(lines: 2..<3, columns: 5..<6),
      ])
  }

  @Test(arguments: PixelFormat.allCases.filter { $0 != .indexed8 })
  func otherFormatsIgnoreThePalette(format: PixelFormat) throws {
    var memory = VideoMemory(size: Self.size)
    var tracker = trackerShowing(try mode(format), &memory)
    tracker.setMode(try mode(format), palette: Palette { _ in .white })
    let isChanged = tracker.tick(&memory)
    #expect(!isChanged)
    #expect(tracker.frame.rgb(x: 0, y: 0) == .black)
  }
}

extension RGB {
  static let black = RGB(red: 0, green: 0, blue: 0)
  static let white = RGB(red: 255, green: 255, blue: 255)
}
