import TestSupport
import Testing

@testable import Display

/// Pixels that share bytes in interleaved banks, against an unpacking of everything.
@Suite("Packed pixels", .timeLimit(.minutes(5)))
struct PackedScreenTests {
  private static let videoMemory = 0x2_0000
  private static let banks = 0x1_8000

  /// Video memory and what is shown of it.
  private final class Monitor {
    var memory = VideoMemory(size: videoMemory)
    var tracker = FrameTracker()

    @discardableResult
    func tick() -> Bool { tracker.tick(&memory) }

    var pixels: [UInt8] { tracker.frame.bytes }
    var size: [Int] { [tracker.frame.width, tracker.frame.height] }
    var damage: [Int: Range<Int>] { tracker.damage.extents }
    func row(_ line: Int) -> [UInt8] { tracker.frame.row(line) }
    func color(x: Int, y: Int) -> RGB { tracker.frame.rgb(x: x, y: y) }
  }

  private static let palette = Palette { RGB(red: $0 &* 60, green: 255 - $0, blue: 7) }

  private func screen(
    _ width: Int = 320, _ height: Int = 200, bits: Int = 2, start: Int = 0, stride: Int = 80,
    palette: Palette = palette
  ) throws -> PackedScreen {
    try #require(
      PackedScreen(
        PackedScreen.Geometry(width: width, height: height, bitsPerPixel: bits),
        palette: palette, memoryOffset: Self.banks, startOffset: start, stride: stride,
        videoMemorySize: Self.videoMemory))
  }

  /// All pixels, from the definition.
  private func naive(_ screen: PackedScreen, _ memory: VideoMemory) -> [UInt8] {
    let geometry = screen.geometry
    return (0..<geometry.height).flatMap { y in
      (0..<geometry.width).map { x in
        let bit = x * geometry.bitsPerPixel
        let inBank = (screen.startOffset + y / 2 * screen.stride + bit / 8) % 0x2000
        let byte = memory.bytes[Self.banks + y % 2 * 0x2000 + inBank]
        let shift = UInt8(8 - geometry.bitsPerPixel - bit % 8)
        return byte >> shift & (geometry.bitsPerPixel == 2 ? 3 : 1)
      }
    }
  }

  @Test("the leftmost pixel is in the upper bits, and odd lines are 8 KiB behind even ones")
  func layout() throws {
    let monitor = Monitor()
    monitor.tracker.setPacked(try screen())
    #expect(monitor.tick())
    #expect(monitor.size == [320, 200])
    #expect(monitor.damage.count == 200)
    monitor.memory.write(0b00_01_10_11, at: Self.banks)
    monitor.memory.write(0b11_00_00_00, at: Self.banks + 0x2000 + 99 * 80 + 79)
    #expect(monitor.tick())
    #expect(monitor.damage == [0: 0..<4, 199: 316..<320])
    #expect(Array(monitor.row(0).prefix(5)) == [0, 1, 2, 3, 0])
    #expect(monitor.row(199).suffix(4) == [3, 0, 0, 0])
    #expect(monitor.color(x: 2, y: 0) == Self.palette[2])
    monitor.tracker.setPacked(try screen(640, bits: 1))
    monitor.tick()
    #expect(Array(monitor.row(0).prefix(8)) == [0, 0, 0, 1, 1, 0, 1, 1])
  }

  @Test("another palette damages the pixels that it changes, and no others")
  func colors() throws {
    let monitor = Monitor()
    monitor.memory.write(0b01_01_10_00, at: Self.banks + 80)
    monitor.tracker.setPacked(try screen())
    monitor.tick()
    var palette = Self.palette
    palette[2] = RGB(red: 1, green: 2, blue: 3)
    monitor.tracker.setPacked(try screen(palette: palette))
    #expect(monitor.tick())
    #expect(monitor.damage == [2: 2..<3])
    #expect(!monitor.tick())
  }

  @Test("whatever is written and wherever it begins, it is what an unpacking of everything shows")
  func property() throws {
    for seed in UInt64(0)..<100 {
      var random = SplitMix64(seed: seed)
      let monitor = Monitor()
      let bits = Int.random(in: 1...2, using: &random)
      let width = 8 * Int.random(in: 1...80, using: &random)
      let height = Int.random(in: 1...300, using: &random)
      var former: [UInt8]?
      for tick in 0..<5 {
        let shown = try screen(
          width, height, bits: bits,
          start: Bool.random(using: &random) ? 0 : Int(random.next() >> 50),
          stride: Int.random(in: 0...200, using: &random))
        monitor.tracker.setPacked(shown)
        for _ in 0..<Int.random(in: 0...40, using: &random) {
          let offset = Int.random(in: 0..<PackedScreen.memorySize, using: &random)
          monitor.memory.write(UInt8(truncatingIfNeeded: random.next()), at: Self.banks + offset)
        }
        monitor.tick()
        let expected = naive(shown, monitor.memory)
        #expect(monitor.pixels == expected, "seed \(seed), tick \(tick)")
        if let former {
          let changed = (0..<height).filter { line in
            let row = line * width..<(line + 1) * width
            return former[row] != expected[row]
          }
          #expect(
            monitor.damage.keys.sorted() == changed, "seed \(seed), tick \(tick)")
        }
        former = expected
      }
    }
  }

  @Test("from text to packed pixels to pixels and back nothing of the former picture stays")
  func changes() throws {
    let monitor = Monitor()
    var random = SplitMix64(seed: 1)
    for offset in 0..<Self.videoMemory {
      monitor.memory.write(UInt8(truncatingIfNeeded: random.next()), at: offset)
    }
    let packed = try screen()
    let linear = try #require(
      DisplayMode(
        width: 320, height: 200, format: .indexed8, stride: 320, startOffset: 0,
        videoMemorySize: Self.videoMemory))
    let text = try #require(
      TextScreen(
        TextScreen.Geometry(columns: 40, height: 200, cellWidth: 8, cellHeight: 8),
        style: TextScreen.Style(
          colors: (0..<16).map { Self.palette[$0] },
          glyphs: [UInt8](repeating: 0xA5, count: 8192), blinks: false, joinsLineGraphics: false),
        memory: 0x1_8000..<0x2_0000, startCell: 0, stride: 40, cursor: nil,
        videoMemorySize: Self.videoMemory))
    var pictures: [[UInt8]] = []
    for _ in 0..<2 {
      monitor.tracker.setPacked(packed)
      #expect(monitor.tick())
      #expect(monitor.pixels == naive(packed, monitor.memory))
      monitor.tracker.setMode(linear, palette: Self.palette)
      #expect(monitor.tick())
      #expect(monitor.pixels == Array(monitor.memory.bytes.prefix(64_000)))
      monitor.tracker.setPacked(packed)
      #expect(monitor.tick())
      #expect(monitor.pixels == naive(packed, monitor.memory))
      monitor.tracker.setText(text)
      #expect(monitor.tick())
      pictures.append(monitor.pixels)
    }
    #expect(pictures[0] == pictures[1])
    monitor.tracker.setPacked(packed)
    monitor.tick()
    monitor.tracker.setMode(nil)
    #expect(monitor.tick())
    #expect(monitor.size == [0, 0])
  }

  @Test("a screen outside its ranges cannot be made")
  func limits() {
    func make(
      _ width: Int = 320, _ height: Int = 200, _ bits: Int = 2, offset: Int = 0, stride: Int = 80
    ) -> PackedScreen? {
      PackedScreen(
        PackedScreen.Geometry(width: width, height: height, bitsPerPixel: bits), palette: Palette(),
        memoryOffset: offset, startOffset: 0, stride: stride, videoMemorySize: 0x5000)
    }
    #expect(make() != nil && make(offset: 0x1000) != nil)
    #expect(make(0) == nil && make(2056) == nil && make(324) == nil)
    #expect(make(320, 0) == nil && make(320, 1025) == nil)
    #expect(make(320, 200, 0) == nil && make(320, 200, 4) == nil)
    #expect(make(offset: 0x2000) == nil && make(offset: 1) == nil && make(offset: -4096) == nil)
    #expect(make(stride: -1) == nil && make(stride: 0x1_0000) == nil)
  }
}
