import Devices
import Testing

@Suite("VGA DAC", .timeLimit(.minutes(5)))
struct VGADACTests {
  private func write(_ dac: inout VGADAC, _ index: UInt8, _ bytes: [UInt8]) -> [Bool] {
    _ = dac.write(2, index)
    return bytes.map { dac.write(3, $0) }
  }

  private func read(_ dac: inout VGADAC, _ index: UInt8, count: Int) -> [UInt8] {
    _ = dac.write(1, index)
    return (0..<count).map { _ in dac.read(3) }
  }

  @Test("6 bits: the upper two are dropped, and shown colours use the whole range")
  func sixBits() {
    var dac = VGADAC()
    #expect(write(&dac, 7, [0xFF, 0x40, 0x15]) == [false, false, true])
    #expect(read(&dac, 7, count: 3) == [0x3F, 0x00, 0x15])
    #expect(dac.color(of: 7) == (255, 0, 0x55))
  }

  @Test("8 bits: everything is kept")
  func eightBits() {
    var dac = VGADAC()
    dac.is8Bit = true
    _ = write(&dac, 7, [0xFF, 0x40, 0x15])
    #expect(read(&dac, 7, count: 3) == [0xFF, 0x40, 0x15])
    #expect(dac.color(of: 7) == (0xFF, 0x40, 0x15))
    dac.is8Bit = false
    #expect(read(&dac, 7, count: 3) == [0x3F, 0x00, 0x15])
  }

  @Test("6-bit components expand monotonically from 0 to 255")
  func expansion() {
    var dac = VGADAC()
    var previous = -1
    for value in 0..<64 as Range<UInt8> {
      _ = write(&dac, 0, [value, value, value])
      let red = Int(dac.color(of: 0).red)
      #expect(red > previous)
      #expect(red >> 2 == Int(value))
      previous = red
    }
    #expect(dac.color(of: 0) == (255, 255, 255))
  }

  @Test("the index moves on after three components and wraps")
  func autoIncrement() {
    var dac = VGADAC()
    _ = write(&dac, 255, [1, 2, 3, 4, 5, 6])
    #expect(dac.read(2) == 1)
    #expect(read(&dac, 255, count: 6) == [1, 2, 3, 4, 5, 6])
  }

  @Test("a colour takes effect with its third component, and an index starts over")
  func partialColor() {
    var dac = VGADAC()
    let before = dac.color(of: 9)
    #expect(write(&dac, 9, [1, 2]) == [false, false])
    #expect(dac.color(of: 9) == before)
    #expect(write(&dac, 9, [4, 8, 12]) == [false, false, true])
    #expect(read(&dac, 9, count: 3) == [4, 8, 12])
    #expect(write(&dac, 9, [4, 8, 12]) == [false, false, false], "nothing has changed")
  }

  @Test("the state tells which index was written last")
  func state() {
    var dac = VGADAC()
    _ = dac.write(1, 5)
    #expect(dac.read(1) == 3)
    _ = dac.write(2, 5)
    #expect(dac.read(1) == 0)
  }

  @Test("the pixel mask applies to the lookup")
  func pixelMask() {
    var dac = VGADAC()
    #expect(dac.read(0) == 0xFF)
    #expect(dac.write(0, 0x0F) == true)
    #expect(dac.write(0, 0x0F) == false)
    #expect(dac.read(0) == 0x0F)
    #expect(dac.color(of: 0xF4) == dac.color(of: 0x04))
  }

  @Test(
    "the default palette is the VGA BIOS's for mode 13h",
    arguments: [
      (0, [0, 0, 0]), (1, [0, 0, 42]), (4, [42, 0, 0]), (6, [42, 21, 0]), (7, [42, 42, 42]),
      (8, [21, 21, 21]), (14, [63, 63, 21]), (15, [63, 63, 63]), (16, [0, 0, 0]),
      (17, [5, 5, 5]), (30, [56, 56, 56]), (31, [63, 63, 63]), (32, [0, 0, 63]),
      (33, [16, 0, 63]), (34, [31, 0, 63]), (36, [63, 0, 63]), (37, [63, 0, 47]),
      (40, [63, 0, 0]), (43, [63, 47, 0]), (44, [63, 63, 0]), (48, [0, 63, 0]),
      (52, [0, 63, 63]), (55, [0, 16, 63]), (56, [31, 31, 63]), (57, [39, 31, 63]),
      (80, [45, 45, 63]), (81, [49, 45, 63]), (82, [54, 45, 63]), (83, [58, 45, 63]),
      (104, [0, 0, 28]), (105, [7, 0, 28]), (128, [14, 14, 28]), (131, [24, 14, 28]),
      (152, [20, 20, 28]), (176, [0, 0, 16]), (200, [8, 8, 16]), (224, [11, 11, 16]),
      (227, [15, 11, 16]), (247, [11, 12, 16]), (248, [0, 0, 0]), (255, [0, 0, 0]),
    ] as [(UInt8, [UInt8])])
  func defaultPalette(index: UInt8, components: [UInt8]) {
    var dac = VGADAC()
    #expect(read(&dac, index, count: 3) == components)
  }
}
