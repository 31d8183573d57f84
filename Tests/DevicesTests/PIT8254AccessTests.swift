import Devices
import Testing

@Suite("8254 access", .timeLimit(.minutes(5)))
struct PIT8254AccessTests {
  @Test("access to the low, the high or both bytes of a count")
  func accessModes() {
    var pit = PIT8254()
    pit.write(3, 0x14)
    pit.write(0, 0x34)
    pit.advance(to: 1)
    #expect(pit.bytes(2) == [0x34, 0x34])
    pit.write(3, 0x64)
    pit.write(1, 0x12)
    pit.advance(to: 2)
    #expect(pit.bytes(2, of: 1) == [0x12, 0x12])
    pit.program(2, mode: 2, count: 0x5678)
    pit.advance(to: 3)
    #expect(pit.bytes(3, of: 2) == [0x78, 0x56, 0x78])
  }

  @Test("the byte that is not written is 0")
  func missingByte() {
    var pit = PIT8254()
    pit.write(3, 0x24)
    pit.write(0, 0x01)
    #expect(pit.nextRise(of: 0) == 1 + 0x100)
    pit.write(3, 0x14)
    pit.write(0, 0x02)
    #expect(pit.nextRise(of: 0) == 1 + 2)
  }

  @Test("a count whose second byte is missing is not loaded; a control word starts over")
  func halfACount() {
    var pit = PIT8254()
    pit.write(3, 0x34)
    pit.write(0, 0x05)
    pit.advance(to: 100)
    #expect(pit.nextRise(of: 0) == nil)
    pit.write(3, 0x34)
    pit.writeCount(0, 0x0102)
    #expect(pit.nextRise(of: 0) == 101 + 0x0102)
  }

  @Test("counters are programmed independently, between each other's bytes")
  func interleaved() {
    var pit = PIT8254()
    pit.write(3, 0x34)
    pit.write(3, 0x74)
    pit.write(0, 0x11)
    pit.write(1, 0x22)
    pit.write(1, 0x02)
    pit.write(0, 0x01)
    pit.advance(to: 1)
    #expect(pit.latched(0) == 0x0111)
    #expect(pit.latched(1) == 0x0222)
  }

  @Test("a latched count stays until it is read; the counter goes on")
  func latch() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 0x1234)
    pit.advance(to: 1)
    pit.write(3, 0x00)
    pit.advance(to: 2)
    pit.write(3, 0x00)
    pit.advance(to: 3)
    #expect(pit.bytes(2) == [0x34, 0x12], "the first latch counts")
    #expect(pit.bytes(2) == [0x32, 0x12], "then the counter itself")
  }

  @Test("a latch of a single-byte counter is over after one read")
  func latchSingleByte() {
    for (control, expected) in [(0x14, [0x20, 0x10]), (0x24, [0x00, 0xFF])] as [(UInt8, [UInt8])] {
      var pit = PIT8254()
      pit.write(3, control)
      pit.write(0, control == 0x14 ? 0x20 : 0x00)
      pit.advance(to: 1)
      pit.write(3, 0x00)
      pit.advance(to: 17)
      #expect(pit.bytes(2) == expected)
    }
  }

  @Test("a control word drops what was latched")
  func controlWordDropsLatches() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 0x1234)
    pit.advance(to: 1)
    pit.write(3, 0xC2)
    pit.program(mode: 2, count: 0x5678)
    pit.advance(to: 2)
    #expect(pit.bytes(2) == [0x78, 0x56])
  }

  @Test("read-back latches counts and status of several counters")
  func readBack() {
    var pit = PIT8254()
    pit.program(0, mode: 2, count: 0x1234)
    pit.program(1, mode: 3, count: 0x5678)
    pit.program(2, mode: 4, count: 0x0042, bcd: true)
    pit.advance(to: 1)
    pit.write(3, 0xCA)
    pit.advance(to: 5)
    #expect(pit.bytes(3) == [0xB4, 0x34, 0x12], "status comes first")
    #expect(pit.bytes(3, of: 2) == [0xB9, 0x42, 0x00])
    #expect(pit.bytes(2, of: 1) == [0x70, 0x56], "not selected: live")
  }

  @Test("read-back with both bits high latches nothing, and each bit only its part")
  func readBackParts() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 0x1234)
    pit.advance(to: 1)
    pit.write(3, 0xF2)
    pit.advance(to: 2)
    #expect(pit.bytes(2) == [0x33, 0x12])
    pit.write(3, 0xD2)
    pit.advance(to: 3)
    #expect(pit.bytes(2) == [0x33, 0x12])
    pit.write(3, 0xE2)
    #expect(pit.bytes(3) == [0xB4, 0x32, 0x12])
  }

  @Test("a latched status stays until it is read")
  func statusLatch() {
    var pit = PIT8254()
    pit.program(mode: 0, count: 1)
    pit.write(3, 0xE2)
    pit.advance(to: 10)
    pit.write(3, 0xE2)
    #expect(pit.read(0) == 0x70, "OUT low, null count, as at the first command")
    #expect(pit.status() == 0xB0)
  }

  @Test("null count: from the control word until the count is loaded")
  func nullCount() {
    var pit = PIT8254()
    pit.write(3, 0x30)
    #expect(pit.status() == 0x70)
    pit.writeCount(0, 9)
    #expect(pit.status() == 0x70)
    pit.advance(to: 1)
    #expect(pit.status() == 0x30)
    pit.write(0, 9)
    #expect(pit.status() == 0x30, "the first byte of two does not count")
    pit.write(0, 0)
    #expect(pit.status() == 0x70)
  }

  @Test("BCD counts in decimal")
  func bcd() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 0x2000, bcd: true)
    #expect(pit.nextRise(of: 0) == 2001)
    pit.advance(to: 2)
    #expect(pit.latched() == 0x1999)
    pit.program(mode: 0, count: 0x0001, bcd: true)
    pit.advance(to: pit.clock + 3)
    #expect(pit.latched() == 0x9999, "past zero")
  }

  @Test("BCD digits above 9 have their weight", arguments: [(0x000F, 15), (0xFFFF, 6665)])
  func bcdDigits(count: UInt16, clocks: UInt64) {
    var pit = PIT8254()
    pit.program(mode: 0, count: count, bcd: true)
    #expect(pit.nextRise(of: 0) == clocks + 1)
  }

  @Test("the control register cannot be read, and registers repeat")
  func decoding() {
    var pit = PIT8254()
    #expect(pit.read(3) == 0xFF)
    pit.write(7, 0x14)
    pit.write(4, 0x55)
    pit.advance(to: 1)
    #expect(pit.read(4) == 0x55)
  }
}
