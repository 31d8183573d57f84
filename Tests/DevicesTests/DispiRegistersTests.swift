import Devices
import TestSupport
import Testing

private typealias Index = DispiRegisters.Index

extension DispiRegisters {
  /// Writes one register by number.
  @discardableResult
  fileprivate mutating func set(_ register: UInt16, _ value: UInt16) -> Range<Int>? {
    index = register
    return writeData(value)
  }

  fileprivate mutating func get(_ register: UInt16) -> UInt16 {
    index = register
    return readData()
  }

  /// Sets a mode the way drivers do: disable, write, enable.
  @discardableResult
  fileprivate mutating func setMode(
    _ width: UInt16, _ height: UInt16, _ bpp: UInt16, flags: UInt16 = 0x41
  ) -> Range<Int>? {
    set(Index.enable, 0)
    set(Index.xRes, width)
    set(Index.yRes, height)
    set(Index.bpp, bpp)
    return set(Index.enable, flags)
  }
}

@Suite("DISPI registers", .timeLimit(.minutes(5)))
struct DispiRegistersTests {
  private static let megabyte = 1 << 20

  @Test("after a reset: the newest ID, nothing enabled, the memory's size")
  func reset() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    #expect(dispi.get(Index.id) == 0xB0C5)
    #expect(dispi.get(Index.videoMemory64K) == 256)
    for register in (1 as UInt16)...9 { #expect(dispi.get(register) == 0) }
    for register in [0x0B, 0xFF, 0xFFFF] as [UInt16] { #expect(dispi.get(register) == 0) }
    #expect(dispi.display == .disabled)
  }

  @Test("the ID takes the known versions only")
  func id() {
    var dispi = DispiRegisters(videoMemorySize: Self.megabyte)
    for version in (0xB0C0 as UInt16)...0xB0C5 {
      dispi.set(Index.id, version)
      #expect(dispi.get(Index.id) == version)
    }
    for value in [0x0000, 0xB0BF, 0xB0C6, 0xFFFF] as [UInt16] {
      dispi.set(Index.id, value)
      #expect(dispi.get(Index.id) == 0xB0C5)
    }
  }

  @Test(
    "the modes that drivers use",
    arguments: [
      (640, 480, 8, 640), (800, 600, 15, 1600), (1024, 768, 16, 2048), (1280, 1024, 24, 3840),
      (1920, 1080, 32, 7680), (1366, 768, 32, 5464), (1, 1, 32, 4), (2048, 2048, 32, 8192),
    ])
  func modes(width: Int, height: Int, bpp: Int, stride: Int) {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    let clear = dispi.setMode(UInt16(width), UInt16(height), UInt16(bpp))
    #expect(clear == 0..<(stride * height))
    #expect(
      dispi.display
        == DisplayState(
          enabled: true, width: width, height: height, bitsPerPixel: bpp, stride: stride,
          startOffset: 0))
    #expect(dispi.get(Index.virtualWidth) == UInt16(width))
    #expect(
      dispi.get(Index.virtualHeight) == UInt16(clamping: 16 * Self.megabyte / stride))
  }

  @Test("values that cannot be are adjusted, and read back adjusted")
  func adjusted() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    for bpp in [0, 1, 4, 7, 9, 33, 0xFFFF] as [UInt16] {
      dispi.setMode(640, 480, bpp)
      #expect(dispi.get(Index.bpp) == 8)
    }
    dispi.setMode(0, 0, 32)
    #expect(dispi.get(Index.xRes) == 8)
    #expect(dispi.get(Index.yRes) == 1)
    dispi.setMode(0xFFFF, 0xFFFF, 8)
    #expect(dispi.get(Index.xRes) == 16000)
    #expect(dispi.get(Index.yRes) == UInt16(16 * Self.megabyte / 16000))
    dispi.setMode(8, 0xFFFF, 8)
    #expect(dispi.get(Index.yRes) == 12000)
    #expect(dispi.get(Index.virtualHeight) == 0xFFFF, "two million lines do not fit a register")
    dispi._checkInvariants()
  }

  @Test("before it is enabled nothing is adjusted")
  func rawWhileDisabled() {
    var dispi = DispiRegisters(videoMemorySize: Self.megabyte)
    dispi.set(Index.xRes, 0xFFFF)
    dispi.set(Index.bpp, 4)
    #expect(dispi.get(Index.xRes) == 0xFFFF)
    #expect(dispi.get(Index.bpp) == 4)
    #expect(dispi.display == .disabled)
  }

  @Test("capabilities: the largest mode, without losing the current one")
  func capabilities() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    dispi.setMode(1024, 768, 32)
    let before = dispi.display
    dispi.set(Index.enable, 0x43)
    #expect(dispi.get(Index.xRes) == 16000)
    #expect(dispi.get(Index.yRes) == 12000)
    #expect(dispi.get(Index.bpp) == 32)
    #expect(dispi.get(Index.virtualWidth) == 1024)
    #expect(dispi.display == before)
    dispi.set(Index.enable, 0x41)
    #expect(dispi.get(Index.xRes) == 1024)
  }

  @Test("enabling clears what will be visible, unless told not to or enabled already")
  func clearing() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    #expect(dispi.setMode(640, 480, 32) == 0..<(640 * 480 * 4))
    #expect(dispi.set(Index.enable, 0x41) == nil)
    #expect(dispi.set(Index.xRes, 800) == nil)
    #expect(dispi.setMode(640, 480, 32, flags: 0xC1) == nil)
    #expect(dispi.display.enabled)
    #expect(dispi.set(Index.enable, 0x00) == nil)
    #expect(dispi.display == .disabled)
  }

  @Test("virtual width and offsets move the window; enabling resets them")
  func panning() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    dispi.setMode(640, 480, 16)
    dispi.set(Index.virtualWidth, 1000)
    dispi.set(Index.xOffset, 3)
    dispi.set(Index.yOffset, 480)
    #expect(dispi.display.stride == 2000)
    #expect(dispi.display.startOffset == 480 * 2000 + 6)
    #expect(dispi.get(Index.virtualHeight) == UInt16(16 * Self.megabyte / 2000))
    dispi.set(Index.virtualWidth, 100)
    #expect(dispi.get(Index.virtualWidth) == 640, "never less than the width")
    dispi.set(Index.virtualHeight, 7)
    #expect(dispi.get(Index.virtualHeight) == UInt16(16 * Self.megabyte / 1280), "read only")
    dispi.setMode(640, 480, 16)
    #expect(dispi.get(Index.xOffset) == 0)
    #expect(dispi.get(Index.yOffset) == 0)
    #expect(dispi.display.startOffset == 0)
  }

  @Test("a window that would leave the memory loses its y offset, then its x offset")
  func offsetsOutside() {
    // Exactly two pages of 1024 x 768 x 32.
    var dispi = DispiRegisters(videoMemorySize: 2 * 768 * 4096)
    dispi.setMode(1024, 768, 32)
    dispi.set(Index.yOffset, 768)
    #expect(dispi.display.startOffset == 768 * 4096)
    dispi.set(Index.yOffset, 769)
    #expect(dispi.get(Index.yOffset) == 0)
    #expect(dispi.display.startOffset == 0)
    dispi.set(Index.yOffset, 768)
    dispi.set(Index.xOffset, 1)
    #expect(dispi.get(Index.yOffset) == 0)
    #expect(dispi.get(Index.xOffset) == 1)
    #expect(dispi.display.startOffset == 4)
    dispi.set(Index.yRes, 1536)
    #expect(dispi.get(Index.xOffset) == 0)
    #expect(dispi.display.startOffset == 0)
    dispi._checkInvariants()
  }

  @Test("the bank stays below the number of banks")
  func bank() {
    var dispi = DispiRegisters(videoMemorySize: 16 * Self.megabyte)
    dispi.set(Index.bank, 0x01FF)
    #expect(dispi.get(Index.bank) == 0xFF)
    var tiny = DispiRegisters(videoMemorySize: 100)
    tiny.set(Index.bank, 0xFFFF)
    #expect(tiny.get(Index.bank) == 0)
  }

  @Test("video memory too small for a pixel never shows one", arguments: [-1, 0, 1, 3])
  func tinyMemory(size: Int) {
    var dispi = DispiRegisters(videoMemorySize: size)
    #expect(dispi.setMode(640, 480, 32) == nil)
    #expect(!dispi.display.enabled)
    dispi._checkInvariants()
  }

  @Test(
    "whatever is written, the window stays inside video memory",
    arguments: [1, 5, 4096, 65535, 1 << 20, (16 << 20) - 1, 256 << 20])
  func randomWrites(size: Int) throws {
    var random = SplitMix64(seed: UInt64(size))
    var dispi = DispiRegisters(videoMemorySize: size)
    let corners: [UInt16] = [0, 1, 4, 7, 8, 15, 16, 24, 32, 640, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]
    var shown = 0
    for step in 0..<100_000 * effort {
      let bits = random.next()
      let raw = UInt16(truncatingIfNeeded: bits >> 16)
      let value = bits & 0x100 == 0 ? raw : corners[Int(raw) % corners.count]
      let clear = dispi.set(UInt16(bits % 12), value)
      dispi._checkInvariants()
      if dispi.display.enabled { shown += 1 }
      if let clear {
        try #require(
          clear.lowerBound == 0 && !clear.isEmpty && clear.upperBound <= size,
          "size \(size), step \(step)")
      }
    }
    #expect(shown > 0)
  }
}
