import Devices
import KVM
import Testing

@testable import VMM

@Suite("BIOS: a CGA's graphics modes")
struct BIOSPixelTests {
  private static let memory: UInt32 = 0xB8000
  private static let bank: UInt32 = 0x2000

  /// After the mode was set, with a font where there is no ROM.
  private func bench(mode: UInt16) throws -> BIOSBench {
    var bench = try BIOSBench()
    _ = bench.call(0x10) { $0.ax = mode }
    _ = bench.memory.write(VGAFont.size8x8.glyphs, at: 0xA000)
    _ = bench.call(0x10) {
      $0.ax = 0x1121
      $0.bp = 0xA000
    }
    return bench
  }

  @Test("the modes are what the BIOS data area says, and clear their memory")
  func modes() throws {
    for (mode, columns) in [(4, 40), (5, 40), (6, 80)] as [(UInt16, UInt16)] {
      var bench = try bench(mode: mode)
      #expect(bench.call(0x10) { $0.ax = 0x0F00 }.ax == columns << 8 | mode)
      #expect(bench.memory.word(BIOSDataArea.pageSize) == 0x4000)
      #expect(bench.memory.read(0x4000, at: Self.memory) == [UInt8](repeating: 0, count: 0x4000))
      bench.memory.store(UInt8(1), at: Self.memory)
      _ = bench.call(0x10) { $0.ax = mode | 0x80 }
      #expect(bench.memory.byte(Self.memory) == 1)
    }
  }

  @Test("pixels: bits of a byte, odd lines in the other bank, combined by bit 7, none outside")
  func pixels() throws {
    var bench = try bench(mode: 4)
    func set(_ color: UInt8, _ x: UInt16, _ y: UInt16) {
      _ = bench.call(0x10) {
        $0.ax = 0x0C00 | UInt16(color)
        $0.cx = x
        $0.dx = y
      }
    }
    set(2, 1, 0)
    set(3, 319, 199)
    #expect(bench.memory.byte(Self.memory) == 0b00_10_00_00)
    #expect(bench.memory.byte(Self.memory + Self.bank + 99 * 80 + 79) == 3)
    set(0x83, 1, 0)
    set(1, 2, 0)
    #expect(bench.memory.byte(Self.memory) == 0b00_01_01_00)
    let read = bench.call(0x10) {
      $0.ax = 0x0D00
      $0.cx = 319
      $0.dx = 199
    }
    #expect(read.al == 3)
    let before = bench.memory.read(0x8000, at: Self.memory)
    set(3, 320, 0)
    set(3, 0, 200)
    set(3, 0xFFFF, 0xFFFF)
    #expect(bench.memory.read(0x8000, at: Self.memory) == before)
    bench = try self.bench(mode: 6)
    set(1, 639, 1)
    #expect(bench.memory.byte(Self.memory + Self.bank + 79) == 1)
  }

  @Test("characters are drawn in their colour, and those from 80h on are in the font of INT 1Fh")
  func characters() throws {
    var bench = try bench(mode: 4)
    _ = bench.memory.write([0x81] + [UInt8](repeating: 0, count: 1023), at: 0x9000)
    for call: UInt16 in [0x1121, 0x1120] {
      _ = bench.call(0x10) {
        $0.ax = call
        $0.bp = 0x9000
      }
    }
    _ = bench.memory.write([0x0F], at: 0x9000 + 8 * 0x41)
    func put(_ character: UInt8, _ color: UInt8) {
      _ = bench.call(0x10) {
        $0.ax = 0x0900 | UInt16(character)
        $0.bx = UInt16(color)
        $0.cx = 1
      }
    }
    put(0x41, 2)
    #expect(bench.memory.read(2, at: Self.memory) == [0, 0b10_10_10_10])
    put(0x80, 3)
    #expect(bench.memory.read(2, at: Self.memory) == [0b11_00_00_00, 0b00_00_00_11])
    put(0x41, 0x81)
    #expect(bench.memory.read(2, at: Self.memory) == [0b11_00_00_00, 0b01_01_01_10])
    bench = try self.bench(mode: 6)
    _ = bench.call(0x10) {
      $0.ax = 0x0E00 | 0x48  // H
      $0.bx = 1
    }
    let glyph = VGAFont.size8x8.glyphs[8 * 0x48..<8 * 0x49]
    let lines = (UInt32(0)..<8).map { line in
      bench.memory.byte(Self.memory + line % 2 * Self.bank + line / 2 * 80)
    }
    #expect(lines == Array(glyph))
  }

  @Test("the last row scrolls, all its lines in their banks")
  func scrolling() throws {
    for (mode, bytes) in [(4, 2), (6, 1)] as [(UInt16, Int)] {
      var bench = try bench(mode: mode)
      bench.print(String(repeating: "\r\n", count: 24))
      _ = bench.call(0x10) {
        $0.ax = 0x0E00 | 0x41  // A
        $0.bx = 1
      }
      let columns = mode == 4 ? 40 : 80
      func row(_ row: Int) -> [UInt8] {
        (8 * row..<8 * row + 8).flatMap { line in
          let address = Self.memory + UInt32(line % 2) * Self.bank + UInt32(line / 2 * 80)
          return bench.memory.read(columns * bytes, at: address) ?? []
        }
      }
      let last = row(24)
      #expect(last.contains { $0 != 0 })
      bench.print("\r\n")
      #expect(row(23) == last)
      #expect(row(24) == [UInt8](repeating: 0, count: last.count))
    }
  }

  @Test("AH=0Bh sets the background, its intensity, and one of two palettes")
  func colors() throws {
    var bench = try bench(mode: 4)
    func registers() -> [UInt8] {
      guard case .packed(let state)? = bench.services.hardware.vga?.picture() else { return [] }
      return state.dacIndices
    }
    func set(_ bx: UInt16) {
      _ = bench.call(0x10) {
        $0.ax = 0x0B00
        $0.bx = bx
      }
    }
    #expect(registers() == [0x00, 0x13, 0x15, 0x17])
    set(0x0100)
    #expect(registers() == [0x00, 0x12, 0x14, 0x16])
    set(0x0001)
    #expect(registers() == [0x01, 0x02, 0x04, 0x06])
    set(0x0101)
    #expect(registers() == [0x01, 0x03, 0x05, 0x07])
    set(0x001C)
    #expect(registers() == [0x14, 0x13, 0x15, 0x17])
  }
}
