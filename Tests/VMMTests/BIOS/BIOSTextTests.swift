import CKVM
import Devices
import KVM
import Testing

@testable import VMM

@Suite("BIOS: text")
struct BIOSTextTests {
  @Test("characters follow each other, and control characters move the cursor")
  func teletype() throws {
    var bench = try BIOSBench()
    bench.print("ab\r\ncX\u{8}d")
    #expect(bench.row(0) == "ab")
    #expect(bench.row(1) == "cd")
    #expect(bench.call(0x10) { $0.ax = 0x0300 }.dx == 0x0102)
    #expect(bench.printer.text == "ab\r\ncX\u{8}d")
  }

  @Test("a line that is full goes on in the next one, and the last row scrolls")
  func scrolling() throws {
    var bench = try BIOSBench()
    for line in 0..<24 { bench.print("line \(line)\r\n") }
    bench.print(String(repeating: "x", count: 81))
    #expect(bench.row(0) == "line 1")
    #expect(bench.row(22) == "line 23")
    #expect(bench.row(23) == String(repeating: "x", count: 80))
    #expect(bench.row(24) == "x")
    #expect(bench.call(0x10) { $0.ax = 0x0300 }.dx == 0x1801)
  }

  @Test("teletype leaves the attribute, and printing is in UTF-8")
  func attributes() throws {
    var bench = try BIOSBench()
    bench.memory.store(UInt8(0x4E), at: 0xB8001)
    _ = bench.call(0x10) { $0.ax = 0x0EDB }
    #expect(bench.memory.word(0xB8000) == 0x4EDB)
    #expect(bench.printer.text == "█")
  }

  @Test("a window scrolls in both directions without touching its surroundings")
  func windows() throws {
    var bench = try BIOSBench()
    for row in 0..<5 { bench.print("\(row)\(row)\(row)\(row)\r\n") }
    // Columns 1 and 2 of rows 1 to 3, up by one.
    _ = bench.call(0x10) {
      $0.ax = 0x0601
      $0.bh = 0x1F
      $0.cx = 0x0101
      $0.dx = 0x0302
    }
    #expect((0..<5).map { bench.row($0) } == ["0000", "1221", "2332", "3  3", "4444"])
    #expect(bench.memory.word(0xB8000 + 2 * (80 * 3 + 1)) == 0x1F20)
    _ = bench.call(0x10) {
      $0.ax = 0x0702
      $0.cx = 0x0101
      $0.dx = 0x0302
    }
    #expect((0..<5).map { bench.row($0) } == ["0000", "1  1", "2  2", "3223", "4444"])
    // 0 lines clear it.
    _ = bench.call(0x10) {
      $0.ax = 0x0600
      $0.dx = 0xFFFF
    }
    #expect((0..<25).allSatisfy { bench.row($0).isEmpty })
  }

  @Test("characters are written and read at the cursor of any page")
  func pages() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x0200
      $0.bh = 1
      $0.dx = 0x0203
    }
    _ = bench.call(0x10) {
      $0.ax = 0x0941
      $0.bx = 0x0170
      $0.cx = 3
    }
    #expect(bench.memory.word(0xB9000 + 2 * (160 + 5)) == 0x7041)
    #expect(bench.memory.word(0xB9000 + 2 * (160 + 6)) == 0x0720)
    #expect(
      bench.call(0x10) {
        $0.ax = 0x0800
        $0.bh = 1
      }.ax == 0x7041)
    _ = bench.call(0x10) { $0.ax = 0x0501 }
    #expect(bench.call(0x10) { $0.ax = 0x0F00 }.bh == 1)
    #expect(bench.services.hardware.vga?.crtcRegister(0x0C) == 0x08)
    bench.print("z")
    #expect(bench.memory.byte(0xB9000 + 2 * (160 + 3)) == UInt8(ascii: "z"))
  }

  @Test("a string is written with its own attributes, and the cursor stays or goes")
  func strings() throws {
    var bench = try BIOSBench()
    _ = bench.memory.write(Array("a".utf8) + [0x12] + Array("b".utf8) + [0x34], at: 0x9000)
    _ = bench.call(0x10) {
      $0.ax = 0x1302
      $0.cx = 2
      $0.dx = 0x0505
      $0.bp = 0x9000
    }
    #expect(bench.memory.long(0xB8000 + 2 * (400 + 5)) == 0x3462_1261)
    #expect(bench.call(0x10) { $0.ax = 0x0300 }.dx == 0)
    _ = bench.call(0x10) {
      $0.ax = 0x1301
      $0.bl = 0x1E
      $0.cx = 1
      $0.dx = 0x0606
      $0.bp = 0x9000
    }
    #expect(bench.call(0x10) { $0.ax = 0x0300 }.dx == 0x0607)
  }

  @Test("the 8x8 font makes 50 rows, which scroll as 50")
  func fiftyRows() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) { $0.ax = 0x1112 }
    #expect(bench.memory.byte(BIOSDataArea.lastRow) == 49)
    #expect(bench.memory.word(BIOSDataArea.characterHeight) == 8)
    let font = bench.call(0x10) {
      $0.ax = 0x1130
      $0.bh = 3
    }
    #expect((font.cx, font.dl) == (8, 49))
    #expect((font.es, font.bp) == (BIOSROM.segment, BIOSROM.font8x8))
    for line in 0..<50 { bench.print("\(line)\r\n") }
    #expect(bench.row(0) == "1")
    #expect(bench.row(48) == "49")
  }

  @Test("the cursor is stretched to the tallest font there is")
  func tallestFont() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x1110
      $0.bx = 0x2000
    }
    #expect(bench.memory.word(BIOSDataArea.characterHeight) == 32)
    _ = bench.call(0x10) {
      $0.ax = 0x0100
      $0.cx = 0x0007
    }
    #expect(bench.services.hardware.vga?.crtcRegister(0x0A) == 3)
    #expect(bench.services.hardware.vga?.crtcRegister(0x0B) == 31)
  }

  @Test("mode 13h draws characters and pixels, and planar modes are refused")
  func graphics() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) { $0.ax = 0x0013 }
    _ = bench.call(0x10) {
      $0.ax = 0x0C2A
      $0.cx = 319
      $0.dx = 199
    }
    #expect(bench.memory.byte(0xA0000 + 63_999) == 0x2A)
    #expect(
      bench.call(0x10) {
        $0.ax = 0x0D00
        $0.cx = 319
        $0.dx = 199
      }.al == 0x2A)
    // A font of one's own, of which every character is full.
    _ = bench.memory.write([UInt8](repeating: 0xFF, count: 2048), at: 0x9000)
    _ = bench.call(0x10) {
      $0.ax = 0x1121
      $0.bp = 0x9000
    }
    _ = bench.call(0x10) {
      $0.ax = 0x0E00 | 0x41
      $0.bx = 0x0009
    }
    let pixels = try #require(bench.memory.read(8, at: 0xA0000 + 7 * 320))
    #expect(pixels == [UInt8](repeating: 9, count: 8))
    let planar = bench.call(0x10) { $0.ax = 0x0012 }
    #expect(planar.carry && planar.isUnsupported)
    #expect(bench.memory.byte(BIOSDataArea.videoMode) == 0x13)
  }

  @Test("the palette can be written and read, one colour and many")
  func palette() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x1010
      $0.bx = 5
      $0.dh = 0x11
      $0.cx = 0x2233
    }
    let color = bench.call(0x10) {
      $0.ax = 0x1015
      $0.bl = 5
    }
    #expect((color.dh, color.cx) == (0x11, 0x2233))
    _ = bench.memory.write([1, 2, 3, 4, 5, 6], at: 0x9000)
    _ = bench.call(0x10) {
      $0.ax = 0x1012
      $0.bx = 10
      $0.cx = 2
      $0.dx = 0x9000
    }
    _ = bench.call(0x10) {
      $0.ax = 0x1017
      $0.bx = 10
      $0.cx = 2
      $0.dx = 0x9100
    }
    #expect(bench.memory.read(6, at: 0x9100) == [1, 2, 3, 4, 5, 6])
  }
}
