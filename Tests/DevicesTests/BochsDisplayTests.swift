import Devices
import Synchronization
import TestSupport
import Testing

extension BochsDisplay {
  fileprivate func set(_ register: UInt16, _ value: UInt16) {
    write(port: 0x1CE, size: 2, value: UInt32(register))
    write(port: 0x1CF, size: 2, value: UInt32(value))
  }

  fileprivate func get(_ register: UInt16) -> UInt16 {
    write(port: 0x1CE, size: 2, value: UInt32(register))
    return UInt16(truncatingIfNeeded: read(port: 0x1CF, size: 2))
  }

  fileprivate var palette: [UInt8] {
    var colors = [UInt8](repeating: 0, count: 768)
    var span = colors.mutableSpan
    paletteRGB(into: &span)
    return colors
  }
}

@Suite("Bochs display", .timeLimit(.minutes(5)))
struct BochsDisplayTests {
  private static let memory = 16 << 20

  @Test("without an initial mode there is no picture")
  func noMode() {
    let display = BochsDisplay(videoMemorySize: Self.memory)
    #expect(display.state().display == .disabled)
    #expect(display.get(0) == 0xB0C5)
  }

  @Test("the initial mode is on at once, reads back, and clears nothing")
  func initialMode() {
    let clears = Counter()
    let display = BochsDisplay(
      videoMemorySize: Self.memory,
      initialMode: (width: 1024, height: 768, bitsPerPixel: 32)
    ) { _ in clears.increment() }
    #expect(
      display.state().display
        == DisplayState(
          enabled: true, width: 1024, height: 768, bitsPerPixel: 32, stride: 4096,
          startOffset: 0))
    #expect(display.get(1) == 1024)
    #expect(display.get(4) == 0xC1)
    #expect(clears.count == 0)
  }

  @Test("an absurd initial mode is adjusted", arguments: [-1, 0, 100_000, .max, .min])
  func absurdInitialMode(value: Int) {
    let display = BochsDisplay(
      videoMemorySize: Self.memory,
      initialMode: (width: value, height: value, bitsPerPixel: value))
    display._checkInvariants()
    #expect(display.state().display.enabled)
    #expect(display.state().display.bitsPerPixel == 8)
  }

  @Test("a guest's mode is seen, and the screen is cleared before that is announced")
  func modeSetting() {
    let seen = Mutex<[(Range<Int>, UInt64)]>([])
    let holder = Mutex<BochsDisplay?>(nil)
    let display = BochsDisplay(videoMemorySize: Self.memory) { range in
      // The device calls without its lock, so it can be asked.
      let generation = holder.withLock { $0 }?.generation ?? .max
      seen.withLock { $0.append((range, generation)) }
    }
    holder.withLock { $0 = display }
    defer { holder.withLock { $0 = nil } }
    let before = display.generation
    display.set(1, 640)
    display.set(2, 480)
    display.set(3, 16)
    #expect(display.generation == before, "nothing is visible yet")
    display.set(4, 0x41)
    #expect(display.generation > before)
    #expect(display.state().display.stride == 1280)
    seen.withLock { seen in
      #expect(seen.map(\.0) == [0..<(480 * 1280)])
      #expect(seen.map(\.1) == [before])
    }
  }

  @Test("generations move with what is visible, and only then")
  func generations() {
    let display = BochsDisplay(
      videoMemorySize: Self.memory, initialMode: (width: 640, height: 480, bitsPerPixel: 8))
    var generation = display.generation
    var paletteGeneration = display.state().paletteGeneration
    func expectChange(mode: Bool, palette: Bool, _ what: Comment, _ body: () -> Void) {
      body()
      #expect((display.generation != generation) == (mode || palette), what)
      #expect((display.state().paletteGeneration != paletteGeneration) == palette, what)
      generation = display.generation
      paletteGeneration = display.state().paletteGeneration
    }
    expectChange(mode: true, palette: false, "page flip") { display.set(9, 480) }
    expectChange(mode: false, palette: false, "the same") { display.set(9, 480) }
    expectChange(mode: false, palette: false, "bank") { display.set(5, 1) }
    expectChange(mode: false, palette: false, "reading") { _ = display.get(1) }
    expectChange(mode: false, palette: true, "8-bit DAC") { display.set(4, 0xE1) }
    expectChange(mode: false, palette: true, "a colour") {
      display.write(port: 0x3C8, size: 1, value: 1)
      for _ in 0..<3 { display.write(port: 0x3C9, size: 1, value: 0x77) }
    }
    expectChange(mode: false, palette: true, "the pixel mask") {
      display.write(port: 0x3C6, size: 1, value: 0x01)
    }
    expectChange(mode: true, palette: false, "off") { display.set(4, 0xE0) }
  }

  @Test("the palette comes in 8 bits, masked, whatever the DAC's width")
  func palette() {
    let display = BochsDisplay(videoMemorySize: Self.memory)
    #expect(display.palette[3..<6] == [0, 0, 0xAA])
    display.set(4, 0x20)
    #expect(display.palette[3..<6] == [0, 0, 42], "6-bit values shown as 8-bit ones are dark")
    display.write(port: 0x3C8, size: 1, value: 2)
    for component in [0x12, 0x34, 0x56] as [UInt32] {
      display.write(port: 0x3C9, size: 1, value: component)
    }
    #expect(display.palette[6..<9] == [0x12, 0x34, 0x56])
    display.write(port: 0x3C6, size: 1, value: 0x02)
    let masked = display.palette
    #expect(masked[9..<12] == [0x12, 0x34, 0x56])
    #expect(masked[3..<6] == [0, 0, 0])
  }

  @Test("a palette buffer of another size takes whole colours", arguments: [0, 2, 3, 7, 1000])
  func paletteBuffer(size: Int) {
    let display = BochsDisplay(videoMemorySize: Self.memory)
    var colors = [UInt8](repeating: 0xEE, count: size)
    var span = colors.mutableSpan
    display.paletteRGB(into: &span)
    let filled = min(768, size / 3 * 3)
    #expect(colors[filled...].allSatisfy { $0 == 0xEE })
    #expect(colors[..<filled] == display.palette[..<filled])
  }

  @Test("DISPI registers take bytes extended with zeros, and ignore the upper half of 32 bits")
  func accessWidths() {
    let display = BochsDisplay(videoMemorySize: Self.memory)
    display.write(port: 0x1CE, size: 1, value: 0xABCD_EF01)
    #expect(display.read(port: 0x1CE, size: 2) & 0xFFFF == 1)
    display.write(port: 0x1CF, size: 4, value: 0xFFFF_0320)
    #expect(display.read(port: 0x1CF, size: 4) == 0xFFFF_0320)
    #expect(display.read(port: 0x1CF, size: 1) & 0xFF == 0x20)
  }

  @Test("DAC ports take wide accesses as consecutive bytes")
  func wideDAC() {
    let display = BochsDisplay(videoMemorySize: Self.memory)
    display.write(port: 0x3C8, size: 2, value: 0x2A05)
    display.write(port: 0x3C9, size: 1, value: 0x15)
    display.write(port: 0x3C9, size: 4, value: 0xFFFF_FF3F)
    #expect(display.palette[15..<18] == [0xAA, 0x55, 0xFF])
    #expect(display.read(port: 0x3C6, size: 4) & 0x00FF_FFFF == 0x0006_00FF)
    #expect(display.read(port: 0x3C5, size: 1) == 0xFF)
    #expect(display.read(port: 0x3CA, size: 1) == 0xFF)
  }

  @Test("random accesses of every width keep the window in video memory")
  func randomAccesses() {
    let size = 3_000_001
    let outside = Counter()
    let clears = Counter()
    let display = BochsDisplay(videoMemorySize: size) { range in
      clears.increment()
      if range.isEmpty || range.lowerBound != 0 || range.upperBound > size { outside.increment() }
    }
    var random = SplitMix64(seed: 0xB0C5)
    for _ in 0..<200_000 * effort {
      let bits = random.next()
      let port: UInt16 =
        switch bits % 4 {
        case 0: 0x1CE
        case 1, 2: 0x1CF
        default: 0x3C4 + UInt16(bits >> 8 & 7)
        }
      let size = [1, 2, 2, 4][Int(bits >> 16) & 3]
      let value = UInt32(truncatingIfNeeded: bits >> 32)
      if bits & 0x40_0000 == 0 {
        display.write(port: port, size: size, value: port == 0x1CE ? value % 12 : value)
      } else {
        _ = display.read(port: port, size: size)
      }
      display._checkInvariants()
    }
    #expect(clears.count > 0)
    #expect(outside.count == 0)
  }
}
