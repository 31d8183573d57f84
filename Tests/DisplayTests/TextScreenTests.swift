import TestSupport
import Testing

@testable import Display

@Suite("Screens of characters", .timeLimit(.minutes(5)))
struct TextScreenTests {
  private static let videoMemory = 0x3_0000

  /// Glyphs in which every bit of the code and of the line shows.
  private static let glyphs: [UInt8] = (0..<256 * 32).map { (index: Int) -> UInt8 in
    let bits = (index / 32) ^ (index * 37)
    return UInt8(truncatingIfNeeded: bits)
  }
  private static let colors: [RGB] = (0..<16).map { (index: UInt8) -> RGB in
    RGB(red: index * 16, green: 255 - index * 3, blue: index * index % 251)
  }

  private static let style: TextScreen.Style = TextScreen.Style(
    colors: colors, glyphs: glyphs, blinks: true, joinsLineGraphics: true)

  private static func screen(
    columns: Int = 10, height: Int = 48, cell: (width: Int, height: Int) = (9, 16),
    style: TextScreen.Style = style, memory: Range<Int> = 0x1_0000..<0x1_8000, startCell: Int = 0,
    stride: Int? = nil, cursor: TextScreen.Cursor? = nil
  ) -> TextScreen? {
    TextScreen(
      TextScreen.Geometry(
        columns: columns, height: height, cellWidth: cell.width, cellHeight: cell.height),
      style: style, memory: memory, startCell: startCell, stride: stride ?? columns,
      cursor: cursor, videoMemorySize: videoMemory)
  }

  @Test("only screens that lie in video memory, in a size that a VGA has, can be made")
  func validation() {
    #expect(Self.screen() != nil)
    #expect(Self.screen(columns: 0) == nil)
    #expect(Self.screen(columns: 257) == nil)
    #expect(Self.screen(height: 0) == nil)
    #expect(Self.screen(height: 1025) == nil)
    #expect(Self.screen(cell: (10, 16)) == nil)
    #expect(Self.screen(cell: (8, 33)) == nil)
    #expect(Self.screen(memory: 0x1_0000..<0x1_7000) == nil, "no power of two")
    #expect(Self.screen(memory: 0x2_F000..<0x3_1000) == nil, "not in video memory")
    #expect(Self.screen(memory: 0x1_0800..<0x1_1800) == nil, "not at a page")
    #expect(Self.screen(memory: 0..<0x1_0000) != nil)
    #expect(Self.screen(memory: -0x1000..<0) == nil)
    #expect(Self.screen(stride: -1) == nil)
    #expect(Self.screen(startCell: .min) != nil, "taken modulo")
    var style = Self.style
    style.colors.removeLast()
    #expect(Self.screen(style: style) == nil)
  }

  @Test("one changed character damages the pixels in which it differs, and no others")
  func oneCharacter() throws {
    var memory = VideoMemory(size: Self.videoMemory)
    var tracker = FrameTracker()
    tracker.setText(try #require(Self.screen(cell: (8, 16))))
    expectDamage(true, &tracker, &memory)
    #expect(tracker.damage == .full(width: 80, height: 48))
    expectDamage(false, &tracker, &memory)
    let drawn = tracker.statistics.cellsDrawn
    // The third character of the second row, in colour 1 on black; its glyph is never 0.
    memory.write([0x55, 0x01], at: 0x1_0000 + 2 * 12)
    expectDamage(true, &tracker, &memory)
    #expect(tracker.statistics.cellsDrawn == drawn + 1)
    let box = try #require(tracker.damage.boundingBox)
    #expect(box.lines.lowerBound >= 16 && box.lines.upperBound <= 32)
    #expect(box.columns.lowerBound >= 16 && box.columns.upperBound <= 24)
    #expect(tracker.changedPages == [1 << 16])
  }

  @Test("cells on pages that were not reported stay as they were shown (R1)")
  func unreported() throws {
    var memory = VideoMemory(size: Self.videoMemory)
    var tracker = FrameTracker()
    // Rows of 256 cells are 512 bytes: nine rows lie on two pages.
    let screen = try #require(Self.screen(columns: 256, height: 9 * 4, cell: (8, 4)))
    tracker.setText(screen)
    tracker.tick(&memory)
    let before = tracker.frame.bytes
    memory.writeUnlogged(0x41, at: 0x1_0000)
    memory.writeUnlogged(0x07, at: 0x1_0001)
    memory.write([0x42, 0x07], at: 0x1_1000)
    expectDamage(true, &tracker, &memory)
    #expect(tracker.damage.boundingBox?.lines.lowerBound ?? 0 >= 32)
    #expect(Array(tracker.frame.bytes.prefix(4 * 32 * 2048)) == Array(before.prefix(4 * 32 * 2048)))
    memory.markDirty(page: 0x10)
    expectDamage(true, &tracker, &memory)
    #expect(tracker.frame.bytes == screen.naivePixels(memory.bytes))
  }

  @Test("a cursor that moves damages the cells that it leaves and enters")
  func cursor() throws {
    var memory = VideoMemory(size: Self.videoMemory)
    for cell in 0..<30 { memory.write([0, 0x1F], at: 0x1_0000 + 2 * cell) }
    var tracker = FrameTracker()
    func show(_ cell: Int, _ lines: Range<Int>) throws {
      tracker.setText(
        try #require(Self.screen(cell: (8, 16), cursor: .init(cell: cell, lines: lines))))
    }
    try show(3, 13..<15)
    tracker.tick(&memory)
    try show(27, 14..<16)
    expectDamage(true, &tracker, &memory)
    let columns = tracker.damage.runs.map(\.columns)
    let cells = [24..<32, 56..<64]
    #expect(columns.allSatisfy { run in cells.contains { run.clamped(to: $0) == run } })
    #expect(tracker.damage.extents.keys.min() == 13)
    try show(27, 0..<0)
    expectDamage(true, &tracker, &memory)
    #expect(tracker.damage.lineCount <= 2)
    try show(1000, 0..<16)
    expectDamage(false, &tracker, &memory, "it is outside the picture")
  }

  @Test(
    "pixels and characters in frames of the same size do not take each other's shadow for theirs")
  func changeOfKind() throws {
    var memory = VideoMemory(size: Self.videoMemory)
    var tracker = FrameTracker()
    let mode = try #require(
      DisplayMode(
        width: 80, height: 48, format: .xrgb8888, stride: 320, startOffset: 0,
        videoMemorySize: Self.videoMemory))
    let screen = try #require(Self.screen(cell: (8, 16)))
    for round in 0..<3 {
      tracker.setMode(mode)
      expectDamage(true, &tracker, &memory, "round \(round)")
      #expect(tracker.damage == .full(width: 80, height: 48))
      #expect(tracker.frame.bytes == Array(memory.bytes.prefix(80 * 48 * 4)))
      tracker.setText(screen)
      expectDamage(true, &tracker, &memory)
      #expect(tracker.frame.bytes == screen.naivePixels(memory.bytes))
      memory.write(UInt8(round + 1), at: 0x1_0000)
    }
    tracker.setMode(nil)
    expectDamage(true, &tracker, &memory)
    let isEmpty = tracker.frame.isEmpty
    #expect(isEmpty)
  }

  @Test(
    "random screens are drawn as by a naive renderer, with exactly the damage of the difference",
    arguments: 0..<24)
  func random(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var memory = VideoMemory(size: Self.videoMemory)
    var tracker = FrameTracker()
    var screen = try #require(Self.randomScreen(&random))
    tracker.setText(screen)
    tracker.tick(&memory)
    for step in 0..<40 {
      let former = (tracker.frame.bytes, screen.geometry)
      switch random.next() % 8 {
      case 0: screen = try #require(Self.randomScreen(&random))
      case 1...3: screen = try #require(Self.variation(of: screen, &random))
      default: break
      }
      for _ in 0..<random.next() % 40 {
        let cell = Int(random.next() % 700)
        let offset = (2 * (screen.startCell + cell) + Int(random.next() % 2)) % screen.memory.count
        memory.write(
          UInt8(truncatingIfNeeded: random.next()), at: screen.memory.lowerBound + offset)
      }
      tracker.setText(screen)
      let isChanged = tracker.tick(&memory)
      let expected = screen.naivePixels(memory.bytes)
      #expect(tracker.frame.bytes == expected, "seed \(seed), step \(step)")
      guard screen.geometry == former.1 else { continue }
      let width = screen.geometry.columns * screen.geometry.cellWidth
      let differences = expected.differences(from: former.0, width: width)
      #expect(tracker.damage.extents == differences, "seed \(seed), step \(step)")
      #expect(isChanged == !differences.isEmpty)
    }
  }

  private static func randomScreen(_ random: inout SplitMix64) -> TextScreen? {
    let size = [0x1000, 0x2000, 0x8000][Int(random.next() % 3)]
    let start = Int(random.next() % UInt64((videoMemory - size) / 4096)) * 4096
    return screen(
      columns: 1 + Int(random.next() % 40), height: 1 + Int(random.next() % 60),
      cell: (8 + Int(random.next() % 2), 1 + Int(random.next() % 32)), style: style(&random),
      memory: start..<start + size, startCell: Int(random.next() % 0x1_0000),
      stride: Int(random.next() % 64), cursor: cursor(&random))
  }

  /// The same geometry, elsewhere or otherwise.
  private static func variation(
    of other: TextScreen, _ random: inout SplitMix64
  ) -> TextScreen? {
    let keepsStyle = random.next() % 2 == 0
    let keepsPlace = random.next() % 2 == 0
    return TextScreen(
      other.geometry, style: keepsStyle ? other.style : style(&random), memory: other.memory,
      startCell: keepsPlace ? other.startCell : Int(random.next() % 0x1_0000),
      stride: keepsPlace ? other.stride : Int(random.next() % 64), cursor: cursor(&random),
      videoMemorySize: videoMemory)
  }

  private static func style(_ random: inout SplitMix64) -> TextScreen.Style {
    var style = style
    style.colors[Int(random.next() % 16)].red = UInt8(truncatingIfNeeded: random.next())
    style.blinks = random.next() % 2 == 0
    style.joinsLineGraphics = random.next() % 2 == 0
    style.glyphs[Int(random.next() % 8192)] ^= 0x81
    return style
  }

  private static func cursor(_ random: inout SplitMix64) -> TextScreen.Cursor? {
    let start = Int(random.next() % 20)
    return random.next() % 3 == 0
      ? nil
      : TextScreen.Cursor(
        cell: Int(random.next() % 0x1_0000), lines: start..<start + Int(random.next() % 12))
  }
}

/// Ticks, and checks whether that has found damage.
private func expectDamage(
  _ expected: Bool, _ tracker: inout FrameTracker, _ memory: inout VideoMemory,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  let changed = tracker.tick(&memory)
  #expect(changed == expected, comment, sourceLocation: sourceLocation)
}
