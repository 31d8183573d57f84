import TestSupport
import Testing

@testable import Display

/// Text that scrolls is shown by turning the frame; nobody may notice but by the time that it takes.
@Suite("Scrolling text", .timeLimit(.minutes(5)))
struct TextScrollTests {
  private static let videoMemory = 0x2_0000
  private static let window = 0x8000..<0x9000

  /// A screen in ``window`` that the tests scroll.
  private final class Console {
    var memory = VideoMemory(size: videoMemory)
    var tracker = FrameTracker()
    var screen: TextScreen
    var random: SplitMix64

    init?(
      columns: Int = 20, height: Int = 96, cell: (width: Int, height: Int) = (9, 16),
      seed: UInt64 = 0
    ) {
      random = SplitMix64(seed: seed)
      let glyphs = (0..<256 * 32).map { (index: Int) -> UInt8 in
        // Lines that only some characters have, as in a font.
        index % 32 % 5 == 0 ? 0 : UInt8(truncatingIfNeeded: (index / 32) ^ (index * 37))
      }
      let colors = (0..<16).map { (index: UInt8) in
        RGB(red: index * 16, green: 255 - index * 3, blue: 85)
      }
      guard
        let screen = TextScreen(
          TextScreen.Geometry(
            columns: columns, height: height, cellWidth: cell.width, cellHeight: cell.height),
          style: TextScreen.Style(
            colors: colors, glyphs: glyphs, blinks: false, joinsLineGraphics: true),
          memory: window, startCell: 0, stride: columns, cursor: nil, videoMemorySize: videoMemory)
      else { return nil }
      self.screen = screen
      tracker.setText(screen)
      for row in 0..<screen.geometry.rows { writeLine(row) }
      tracker.tick(&memory)
    }

    var rows: Int { screen.geometry.rows }

    /// Random text, mostly in one colour.
    func writeLine(_ row: Int) {
      let attribute = random.next() % 4 == 0 ? UInt8(truncatingIfNeeded: random.next()) : 0x07
      let length = Int(random.next() % UInt64(screen.geometry.columns + 1))
      for column in 0..<screen.geometry.columns {
        let code = column < length ? UInt8(truncatingIfNeeded: random.next()) : 0x20
        memory.write([code, attribute], at: screen.offset(row: row, column: column))
      }
    }

    /// Moves the rows of `region` up by `distance`, as a program does, with new lines below.
    func scroll(_ region: Range<Int>, by distance: Int = 1) {
      let columns = screen.geometry.columns
      for row in region {
        guard row + distance < region.upperBound else {
          writeLine(row)
          continue
        }
        for column in 0..<columns {
          let source = screen.offset(row: row + distance, column: column)
          let cell = Array(memory.bytes[source..<source + 2])
          memory.write(cell, at: screen.offset(row: row, column: column))
        }
      }
    }

    /// Shows another part of the window, or another cursor.
    func show(startCell: Int, cursor: TextScreen.Cursor?) throws {
      screen = try #require(
        TextScreen(
          screen.geometry, style: screen.style, memory: screen.memory, startCell: startCell,
          stride: screen.stride, cursor: cursor, videoMemorySize: videoMemory))
      tracker.setText(screen)
    }

    /// Ticks, and compares the frame and the damage with those of a naive renderer.
    func expectExact(
      _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let former = tracker.frame.bytes
      tracker.tick(&memory)
      let expected = screen.naivePixels(memory.bytes)
      let isExact = tracker.frame.bytes == expected
      #expect(isExact, comment, sourceLocation: sourceLocation)
      let differences = expected.differences(
        from: former, width: screen.geometry.columns * screen.geometry.cellWidth)
      let isDamageExact = tracker.damage.extents == differences
      #expect(isDamageExact, comment, sourceLocation: sourceLocation)
    }
  }

  @Test("a line that scrolls in is all that is drawn", arguments: [(9, 16), (8, 8)])
  func oneLine(width: Int, height: Int) throws {
    let console = try #require(Console(height: 12 * height, cell: (width, height)))
    for number in 1...8 {
      let drawn = console.tracker.statistics.cellsDrawn
      console.scroll(0..<console.rows)
      console.expectExact("line \(number)")
      #expect(console.tracker.statistics.rowsScrolled == number)
      #expect(console.tracker.statistics.cellsDrawn - drawn <= 20)
    }
  }

  @Test("a status line stays where it is, and is drawn again")
  func statusLine() throws {
    let console = try #require(Console())
    for number in 1...10 {
      let drawn = console.tracker.statistics.cellsDrawn
      console.scroll(1..<console.rows - 1)
      console.expectExact("line \(number)")
      #expect(console.tracker.statistics.cellsDrawn - drawn <= 3 * 20)
    }
    #expect(console.tracker.statistics.rowsScrolled == 10)
  }

  @Test("scrolling by the start address, beyond the end of the window too")
  func startAddress() throws {
    let console = try #require(Console())
    let cellCount = Self.window.count / 2
    for number in 1...cellCount / 60 + 3 {
      try console.show(startCell: 60 * number % cellCount, cursor: nil)
      for row in console.rows - 3..<console.rows { console.writeLine(row) }
      let scrolled = console.tracker.statistics.rowsScrolled
      console.expectExact("line \(3 * number)")
      #expect(console.tracker.statistics.rowsScrolled == scrolled + 3)
    }
  }

  @Test("a cursor goes with the text, or stays, and leaves nothing behind")
  func cursor() throws {
    let console = try #require(Console())
    for number in 0..<24 {
      let cell = number % 3 == 0 ? 119 : Int(console.random.next() % 130)
      let start = number % 14
      try console.show(
        startCell: 0,
        cursor: number % 5 == 4 ? nil : TextScreen.Cursor(cell: cell, lines: start..<start + 2))
      console.scroll(0..<console.rows, by: 1 + number % 3)
      console.expectExact("cursor \(number)")
    }
    #expect(console.tracker.statistics.rowsScrolled > 24)
  }

  @Test("a frame whose last row is cut off is not turned")
  func cutOff() throws {
    let console = try #require(Console(height: 90))
    for _ in 0..<3 {
      console.scroll(0..<console.rows)
      console.expectExact()
    }
    #expect(console.tracker.statistics.rowsScrolled == 0)
  }

  @Test("a turned frame is copied, encoded and replaced like any other")
  func copies() throws {
    let console = try #require(Console())
    console.scroll(0..<console.rows, by: 2)
    console.expectExact()
    let copy = console.tracker.frame.copy()
    #expect(copy.bytes == console.tracker.frame.bytes)
    let first = console.screen.naivePixels(console.memory.bytes).prefix(3)
    let color = copy.rgb(x: 0, y: 0)
    #expect([color.blue, color.green, color.red] == Array(first))
    let mode = try #require(
      DisplayMode(
        width: 180, height: 96, format: .xrgb8888, stride: 720, startOffset: 0,
        videoMemorySize: Self.videoMemory))
    console.tracker.setMode(mode)
    console.tracker.tick(&console.memory)
    #expect(console.tracker.frame.bytes == Array(console.memory.bytes.prefix(720 * 96)))
  }

  @Test("whatever scrolls, and whatever changes meanwhile", arguments: 0..<10)
  func random(seed: UInt64) throws {
    let isLow = seed % 2 == 0
    let console = try #require(
      Console(
        columns: 3 + Int(seed), height: seed % 5 == 4 ? 61 : 64, cell: isLow ? (8, 8) : (9, 16),
        seed: seed))
    for step in 0..<16 {
      for _ in 0..<console.random.next() % 3 {
        let first = Int(console.random.next() % 2)
        let end = console.rows - Int(console.random.next() % 2)
        console.scroll(first..<end, by: 1 + Int(console.random.next() % 3))
      }
      for _ in 0..<console.random.next() % 4 {
        let cell = Int(console.random.next() % UInt64(console.rows * 3))
        let offset = console.screen.offset(row: 0, column: cell)
        console.memory.write(UInt8(truncatingIfNeeded: console.random.next()), at: offset)
      }
      if console.random.next() % 3 == 0 {
        let start = Int(console.random.next() % 16)
        try console.show(
          startCell: console.screen.startCell
            + Int(console.random.next() % 3) * console.screen.stride,
          cursor: TextScreen.Cursor(
            cell: console.screen.startCell + Int(console.random.next() % 40),
            lines: start..<start + Int(console.random.next() % 4)))
      }
      console.expectExact("seed \(seed), step \(step)")
    }
  }
}
