import Devices
import Testing

/// The timing diagrams of Intel's 8254 datasheet, clock by clock.
@Suite("8254 modes", .timeLimit(.minutes(5)))
struct PIT8254ModeTests {
  @Test("before a control word nothing counts")
  func powerOn() {
    var pit = PIT8254()
    pit.advance(to: 1_000_000)
    for counter in 0..<3 {
      #expect(!pit[counter].out)
      #expect(pit.nextRise(of: counter) == nil)
    }
    #expect(pit.latched() == 0)
  }

  // MARK: Mode 0

  @Test("mode 0: OUT rises N + 1 clocks after the count is written, and stays")
  func mode0() {
    var pit = PIT8254()
    pit.program(mode: 0, count: 4)
    #expect(!pit[0].out)
    #expect(pit.nextRise(of: 0) == 5)
    let trace = pit.trace(7)
    #expect(trace.out == "0000111")
    #expect(trace.counts == [4, 3, 2, 1, 0, 0xFFFF, 0xFFFE])
    #expect(pit.nextRise(of: 0) == nil)
    pit.advance(to: 200_000)
    #expect(pit[0].out)
  }

  @Test("mode 0: GATE stops the count, not its loading")
  func mode0Gate() {
    var pit = PIT8254()
    pit.setGate(of: 0, false)
    pit.program(mode: 0, count: 3)
    #expect(pit.counts(3) == [3, 3, 3])
    #expect(pit.nextRise(of: 0) == nil)
    pit.setGate(of: 0, true)
    #expect(pit.nextRise(of: 0) == pit.clock + 3, "no clock is needed to load")
    #expect(pit.outs(3) == "001")
  }

  @Test("mode 0: a new count starts again; its first byte stops the counter, OUT low at once")
  func mode0NewCount() {
    var pit = PIT8254()
    pit.program(mode: 0, count: 2)
    #expect(pit.outs(4) == "0011")
    pit.write(0, 3)
    #expect(!pit[0].out)
    #expect(pit.counts(3) == [0xFFFF, 0xFFFF, 0xFFFF])
    #expect(pit.nextRise(of: 0) == nil)
    pit.write(0, 0)
    #expect(pit.counts(5) == [3, 2, 1, 0, 0xFFFF])
    #expect(pit[0].out)
  }

  @Test("mode 0: writing a single byte of the count starts again at once")
  func mode0SingleByte() {
    var pit = PIT8254()
    pit.write(3, 0x10)
    pit.write(0, 2)
    #expect(pit.outs(3) == "001")
    pit.write(0, 1)
    #expect(pit.outs(3) == "011")
  }

  // MARK: Mode 1

  @Test("mode 1: OUT is low for N clocks from the one after the trigger")
  func mode1() {
    var pit = PIT8254()
    pit.setGate(of: 0, false)
    pit.program(mode: 1, count: 3)
    #expect(pit.outs(2) == "11")
    #expect(pit.nextRise(of: 0) == nil)
    pit.setGate(of: 0, true)
    #expect(pit.nextRise(of: 0) == pit.clock + 4)
    pit.advance(to: pit.clock + 1)
    pit.setGate(of: 0, false)
    let trace = pit.trace(4)
    #expect(trace.out == "0011", "GATE going low changes nothing")
    #expect(trace.counts == [2, 1, 0, 0xFFFF])
  }

  @Test("mode 1: a trigger during the pulse extends it, a new count waits for a trigger")
  func mode1Retrigger() {
    var pit = PIT8254()
    pit.setGate(of: 0, false)
    pit.program(mode: 1, count: 3)
    pit.setGate(of: 0, true)
    #expect(pit.counts(2) == [3, 2])
    pit.setGate(of: 0, false)
    pit.setGate(of: 0, true)
    #expect(pit.counts(2) == [3, 2])
    pit.writeCount(0, 5)
    #expect(pit.nullCount() == 1, "not loaded yet")
    #expect(pit.outs(3) == "011")
    pit.setGate(of: 0, false)
    pit.setGate(of: 0, true)
    #expect(pit.outs(7) == "0000011")
    #expect(pit.nullCount() == 0)
  }

  @Test("modes 1 and 5: a trigger before the count is lost", arguments: [1, 5] as [UInt8])
  func earlyTrigger(mode: UInt8) {
    var pit = PIT8254()
    pit.setGate(of: 0, false)
    pit.write(3, 0x30 | mode << 1)
    pit.setGate(of: 0, true)
    pit.writeCount(0, 2)
    #expect(pit.outs(6) == "111111")
  }

  // MARK: Mode 2

  @Test("mode 2: OUT is low at a count of 1; the period is N", arguments: [2, 6] as [UInt8])
  func mode2(mode: UInt8) {
    var pit = PIT8254()
    pit.program(mode: mode, count: 3)
    #expect(pit[0].out)
    #expect(pit.nextRise(of: 0) == 4)
    let trace = pit.trace(8)
    #expect(trace.out == "11011011")
    #expect(trace.counts == [3, 2, 1, 3, 2, 1, 3, 2])
    let format = pit.status() & 0x3F
    #expect(format == 0x30 | mode << 1, "the mode reads as it was written")
  }

  @Test("mode 2: GATE low makes OUT high and stops; GATE high loads the count again")
  func mode2Gate() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 4)
    #expect(pit.outs(4) == "1110")
    pit.setGate(of: 0, false)
    #expect(pit[0].out)
    #expect(pit.counts(2) == [1, 1])
    #expect(pit.nextRise(of: 0) == nil)
    pit.setGate(of: 0, true)
    #expect(pit.nextRise(of: 0) == pit.clock + 5)
    #expect(pit.counts(5) == [4, 3, 2, 1, 4])
  }

  @Test("mode 2: a new count takes effect with the next period")
  func mode2NewCount() {
    var pit = PIT8254()
    pit.program(mode: 2, count: 4)
    pit.advance(to: 2)
    pit.writeCount(0, 2)
    #expect(pit.nullCount() == 1)
    #expect(pit.counts(6) == [2, 1, 2, 1, 2, 1])
    #expect(pit.nullCount() == 0)
  }

  // MARK: Mode 3

  @Test("mode 3, even: half high, half low, counting by two", arguments: [3, 7] as [UInt8])
  func mode3Even(mode: UInt8) {
    var pit = PIT8254()
    pit.program(mode: mode, count: 4)
    #expect(pit[0].out)
    #expect(pit.nextRise(of: 0) == 5)
    let trace = pit.trace(8)
    #expect(trace.out == "11001100")
    #expect(trace.counts == [4, 2, 4, 2, 4, 2, 4, 2])
  }

  @Test("mode 3, odd: the high half is a clock longer")
  func mode3Odd() {
    var pit = PIT8254()
    pit.program(mode: 3, count: 5)
    let trace = pit.trace(10)
    #expect(trace.out == "1110011100")
    #expect(trace.counts == [4, 2, 0, 4, 2, 4, 2, 0, 4, 2])
  }

  @Test("mode 3: GATE low in the low half makes OUT high; GATE high starts the period again")
  func mode3Gate() {
    var pit = PIT8254()
    pit.program(mode: 3, count: 4)
    #expect(pit.outs(3) == "110")
    pit.setGate(of: 0, false)
    #expect(pit[0].out)
    #expect(pit.outs(3) == "111")
    pit.setGate(of: 0, true)
    #expect(pit.outs(5) == "11001")
  }

  @Test("mode 3: a new count takes effect with the next half")
  func mode3NewCount() {
    var pit = PIT8254()
    pit.program(mode: 3, count: 8)
    pit.advance(to: 2)
    pit.writeCount(0, 4)
    #expect(pit.outs(8) == "11001100")
  }

  // MARK: Modes 4 and 5

  @Test("mode 4: a strobe of one clock N + 1 clocks after the count, once")
  func mode4() {
    var pit = PIT8254()
    pit.program(mode: 4, count: 3)
    #expect(pit.nextRise(of: 0) == 5)
    let trace = pit.trace(6)
    #expect(trace.out == "111011")
    #expect(trace.counts == [3, 2, 1, 0, 0xFFFF, 0xFFFE])
    pit.advance(to: 500_000)
    let hasRisen = pit.takeRise(of: 0)
    #expect(hasRisen)
    #expect(pit.nextRise(of: 0) == nil)
  }

  @Test("mode 4: GATE stops the count, a new count starts again")
  func mode4GateAndNewCount() {
    var pit = PIT8254()
    pit.program(mode: 4, count: 3)
    pit.advance(to: 2)
    pit.setGate(of: 0, false)
    #expect(pit.counts(2) == [2, 2])
    pit.setGate(of: 0, true)
    #expect(pit.counts(1) == [1])
    pit.writeCount(0, 2)
    #expect(pit.outs(5) == "11011")
  }

  @Test("mode 5: a strobe N + 1 clocks after the trigger, whatever GATE does then")
  func mode5() {
    var pit = PIT8254()
    pit.setGate(of: 0, false)
    pit.program(mode: 5, count: 3)
    #expect(pit.outs(5) == "11111")
    pit.setGate(of: 0, true)
    #expect(pit.nextRise(of: 0) == pit.clock + 5)
    pit.advance(to: pit.clock + 1)
    pit.setGate(of: 0, false)
    #expect(pit.outs(4) == "1101")
    pit.setGate(of: 0, true)
    pit.advance(to: pit.clock + 2)
    pit.setGate(of: 0, false)
    pit.setGate(of: 0, true)
    #expect(pit.outs(5) == "11101", "triggered again")
  }

  // MARK: All modes

  @Test("a count of 0 is the longest", arguments: [false, true])
  func longestCount(bcd: Bool) {
    let longest: UInt64 = bcd ? 10_000 : 65_536
    var pit = PIT8254()
    pit.program(mode: 0, count: 0, bcd: bcd)
    #expect(pit.nextRise(of: 0) == longest + 1)
    pit.program(mode: 2, count: 0, bcd: bcd)
    #expect(pit.nextRise(of: 0) == longest + 1)
    pit.advance(to: 2)
    #expect(pit.latched() == (bcd ? 0x9999 : 0xFFFF))
    pit.program(mode: 3, count: 0, bcd: bcd)
    pit.advance(to: 2 + 1 + longest / 2)
    #expect(!pit[0].out)
    #expect(pit.nextRise(of: 0) == 3 + longest)
  }

  @Test("a count of 1, illegal in modes 2 and 3, has no edges")
  func illegalCounts() {
    for (mode, out) in [(2, "0000"), (3, "1111")] as [(UInt8, String)] {
      var pit = PIT8254()
      pit.program(mode: mode, count: 1)
      #expect(pit.outs(4) == out)
      _ = pit.takeRise(of: 0)
      pit.advance(to: 1_000_000)
      let hasRisen = pit.takeRise(of: 0)
      #expect(!hasRisen)
      #expect(pit.nextRise(of: 0) == nil)
    }
  }

  @Test("a control word sets OUT at once", arguments: 0...7 as ClosedRange<UInt8>)
  func controlWord(mode: UInt8) {
    var pit = PIT8254()
    pit.program(mode: 0, count: 1)
    pit.advance(to: 9)
    #expect(pit[0].out)
    pit.write(3, 0x30 | mode << 1)
    #expect(pit[0].out == (mode != 0))
    pit.advance(to: 1_000_000)
    #expect(pit[0].out == (mode != 0), "without a count nothing happens")
  }

  @Test("however long the time, it takes no longer", arguments: 0...5 as ClosedRange<UInt8>)
  func longTime(mode: UInt8) {
    var pit = PIT8254()
    pit.program(mode: mode, count: 7)
    pit.advance(to: .max)
    pit.advance(to: 3)
    #expect(pit.clock == .max, "time does not go back")
    #expect(pit.nextRise(of: 0) == nil, "nor over the end")
    pit._checkInvariants()
  }
}
