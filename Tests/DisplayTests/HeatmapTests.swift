import Display
import Testing

@Suite(.timeLimit(.minutes(5)))
struct HeatmapTests {
  /// 4 x 8 pixels.
  private static func mode() throws -> DisplayMode {
    try #require(
      DisplayMode(
        width: 4, height: 8, format: .xrgb8888, stride: 16, startOffset: 0, videoMemorySize: 4096))
  }

  /// A heatmap that has seen line 2 change four times, line 5 once, and both once more together.
  private static func heatmap() throws -> Heatmap {
    var memory = VideoMemory(size: 4096)
    var heatmap = Heatmap()
    var tracker = trackerShowing(try mode(), &memory)
    heatmap.present(tracker.frame, damage: tracker.damage)
    for (value, lines) in [(1, [2]), (2, [2]), (3, [2, 5]), (4, [2]), (5, [5, 2])]
      as [(UInt8, [Int])]
    {
      for line in lines { memory.write(value, at: line * 16) }
      tracker.tick(&memory)
      heatmap.present(tracker.frame, damage: tracker.damage)
    }
    return heatmap
  }

  @Test("counts the changes of each line, the first frame not among them")
  func counts() throws {
    #expect(try Self.heatmap().counts == [0, 0, 5, 0, 0, 2, 0, 0])
  }

  @Test("a taller frame adds lines, a smaller one keeps them")
  func modes() throws {
    var memory = VideoMemory(size: 4096)
    var heatmap = Heatmap()
    var tracker = FrameTracker()
    for height in [2, 3, 1] {
      tracker.setMode(
        DisplayMode(
          width: 1, height: height, format: .indexed8, stride: 1, startOffset: 0,
          videoMemorySize: 4096))
      tracker.tick(&memory)
      heatmap.present(tracker.frame, damage: tracker.damage)
    }
    #expect(heatmap.counts == [2, 1, 1])
  }

  @Test("draws a bar for each line, as long and as hot as its count")
  func picture() throws {
    let picture = try Self.heatmap().picture(width: 10)
    #expect(picture.width == 10)
    #expect(picture.height == 8)
    let black = RGB(red: 0, green: 0, blue: 0)
    func length(_ line: Int) -> Int {
      (0..<10).prefix { picture.rgb(x: $0, y: line) != black }.count
    }
    #expect((0..<8).map(length) == [0, 0, 10, 0, 0, 4, 0, 0])
    let hottest = picture.rgb(x: 0, y: 2)
    #expect(hottest == RGB(red: 255, green: 255, blue: 255))
    let cooler = picture.rgb(x: 0, y: 5)
    #expect(cooler.red == 255 && cooler.green < 255 && cooler.blue == 0)
  }

  @Test("has no picture of a display that was never on, and a dark one of one that never changed")
  func nothingSeen() throws {
    let none = Heatmap().picture()
    #expect(none.width == 0)
    var heatmap = Heatmap()
    var memory = VideoMemory(size: 4096)
    let tracker = trackerShowing(try Self.mode(), &memory)
    heatmap.present(tracker.frame, damage: tracker.damage)
    let dark = heatmap.picture(width: 5)
    #expect(dark.height == 8)
    #expect(dark.bytes.allSatisfy { $0 == 0 })
  }
}
