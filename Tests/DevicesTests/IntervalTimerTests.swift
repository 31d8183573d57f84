import Devices
import Testing

@Suite("8254 on a PC", .timeLimit(.minutes(5)))
struct IntervalTimerTests {
  private let clock = ManualClock()
  private let line = RecordingLine()
  private let timer: IntervalTimer8254

  init() { timer = IntervalTimer8254(clock: clock.device, interrupt: line) }

  /// Goes to the deadline as the machine's thread does, `late` nanoseconds after it.
  private func runToDeadline(late: UInt64 = 0) throws {
    clock.set(try #require(timer.deadline) + late)
    timer.advance(to: clock.now)
    timer._checkInvariants()
  }

  // MARK: Interrupts

  @Test("a timer that is not programmed does nothing")
  func powerOn() {
    clock.advance(by: 10_000_000_000)
    timer.advance(to: clock.now)
    #expect(timer.deadline == nil)
    #expect(line.history.isEmpty)
  }

  @Test("mode 2 at 100 Hz: a rising edge a period, without drift", arguments: [2, 3] as [UInt8])
  func periodic(mode: UInt8) throws {
    let start = clock.now
    timer.program(0x30 | mode << 1, count: 11_932)
    #expect(line.take() == [true], "the control word makes OUT high: an edge, as on the chip")
    for tick: UInt64 in 1...1_000 {
      try runToDeadline()
      #expect(line.take() == [false, true])
      // Clock 1 loads the count. The exact time, rounded up to a nanosecond.
      let clocks = 1 + 11_932 * tick
      #expect(clock.now - start == (clocks * 1_000_000_000 + 1_193_181) / 1_193_182)
    }
  }

  @Test("nothing happens before the deadline, and at it everything")
  func exactDeadline() throws {
    timer.program(0x34, count: 1_000)
    _ = line.take()
    let deadline = try #require(timer.deadline)
    timer.advance(to: deadline - 1)
    #expect(line.take() == [])
    #expect(timer.deadline == deadline)
    timer.advance(to: deadline)
    #expect(line.take() == [false, true])
  }

  @Test("mode 0: one edge, then none; a new count lowers the line")
  func oneShot() throws {
    timer.program(0x30, count: 5_000)
    #expect(line.take() == [])
    try runToDeadline()
    #expect(line.take() == [true])
    #expect(timer.deadline == nil)
    timer.out(0x40, 0x10)
    #expect(line.take() == [false])
    timer.out(0x40, 0x10)
    try runToDeadline()
    #expect(line.take() == [true])
  }

  @Test("mode 4: the edge at the end of the strobe")
  func strobe() throws {
    timer.program(0x38, count: 5_000)
    _ = line.take()
    try runToDeadline()
    #expect(line.take() == [false, true])
    #expect(timer.deadline == nil)
  }

  @Test("ticks that were missed are one edge, and the next is in phase")
  func missedTicks() throws {
    timer.program(0x36, count: 1_000)
    let start = clock.now
    _ = line.take()
    try runToDeadline(late: 10_000_000_000)
    #expect(line.take() == [false, true])
    let deadline = try #require(timer.deadline)
    #expect(deadline > clock.now)
    #expect(deadline - clock.now <= 838_096 + IntervalTimer8254.minimumInterval)
    // A rise is at every 1000th clock after the one that loads the count.
    let clocks = ((deadline - start) * 1_193_182 + 500_000_000) / 1_000_000_000
    #expect((clocks - 1) % 1_000 == 0)
  }

  @Test("the low half of a square wave does not take the interrupt back")
  func lateInSquareWave() throws {
    timer.program(0x36, count: 10_000)
    _ = line.take()
    try runToDeadline(late: 6_000_000)
    #expect(!timer.pit[0].out)
    #expect(line.take() == [false, true])
    clock.advance(by: 500_000)
    _ = timer.in(0x40)
    #expect(line.take() == [])
  }

  @Test("an access that comes before the thread delivers the edge")
  func accessDelivers() throws {
    timer.program(0x34, count: 1_000)
    _ = line.take()
    clock.set(try #require(timer.deadline))
    _ = timer.in(0x61)
    #expect(line.take() == [false, true])
    timer.advance(to: clock.now)
    #expect(line.take() == [])
  }

  @Test("a rate beyond the limit keeps the thread below it")
  func rateLimit() throws {
    timer.program(0x34, count: 2)
    let start = clock.now
    for _ in 0..<1_000 { try runToDeadline() }
    #expect(clock.now - start >= 1_000 * IntervalTimer8254.minimumInterval)
    #expect(clock.now - start < 1_002 * IntervalTimer8254.minimumInterval)
  }

  @Test("the thread is told of a deadline that is earlier, and of no other access")
  func deadlineNotices() {
    timer.program(0x34, count: 10_000)
    #expect(clock.notices.count == 1)
    _ = timer.in(0x40)
    timer.out(0x61, 0x03)
    timer.out(0x43, 0xB6)
    timer.out(0x42, 0x10)
    timer.out(0x42, 0x00)
    #expect(clock.notices.count == 1, "counter 2 interrupts nobody")
    timer.program(0x34, count: 20_000)
    #expect(clock.notices.count == 2)
    timer.out(0x43, 0x34)
    #expect(clock.notices.count == 2, "no deadline at all is not earlier")
  }

  @Test("time that goes back counts as standing still")
  func timeGoesBack() {
    timer.program(0x34, count: 1_000)
    clock.advance(by: 500_000)
    timer.advance(to: clock.now)
    let before = timer.pit
    timer.advance(to: 0)
    clock.set(0)
    timer.advance(to: 0)
    #expect(timer.pit == before)
    timer._checkInvariants()
  }

  @Test("the end of 64 bits of time is not a trap")
  func endOfTime() {
    timer.program(0x36, count: 0xFFFF)
    clock.set(.max)
    timer.advance(to: .max)
    #expect(timer.deadline == nil)
    timer.program(0x30, count: 0xFFFF)
    #expect(timer.deadline == nil)
    timer._checkInvariants()
  }

  // MARK: Port 0x61

  @Test("bits 0 to 3 are stored; the status bits cannot be written")
  func storedBits() {
    timer.out(0x61, 0xFF)
    #expect(timer.in(0x61) & 0xCF == 0x0F)
    #expect(timer.isSpeakerConnected)
    timer.out(0x61, 0xF0)
    #expect(timer.in(0x61) & 0xCF == 0x00)
    #expect(!timer.isSpeakerConnected)
  }

  @Test("bit 4 toggles every 18 clocks")
  func refreshToggle() {
    let start = clock.now
    var toggles = 0
    var last = timer.in(0x61) & 0x10
    for microsecond: UInt64 in 1...15_085 {
      clock.set(start + 1_000 * microsecond)
      let bit = timer.in(0x61) & 0x10
      if bit != last { toggles += 1 }
      last = bit
    }
    #expect(toggles == 15_085 * 1_193_182 / 1_000_000 / 18)
  }

  @Test("counter 2 measures time: gated by bit 0, its OUT in bit 5")
  func calibration() {
    // What kernels do to calibrate the TSC: 10 ms in mode 0.
    timer.out(0x61, 0x00)
    timer.out(0x43, 0xB0)
    timer.out(0x42, 0x9B)
    timer.out(0x42, 0x2E)
    clock.advance(by: 50_000_000)
    #expect(timer.in(0x61) & 0x20 == 0, "the gate is closed")
    timer.out(0x61, 0x01)
    clock.advance(by: 9_990_000)
    #expect(timer.in(0x61) & 0x20 == 0)
    clock.advance(by: 20_000)
    #expect(timer.in(0x61) & 0x20 != 0)
    #expect(line.history.isEmpty)
  }

  @Test("counter 2 as a one-shot is triggered by bit 0")
  func trigger() {
    timer.out(0x61, 0x00)
    timer.out(0x43, 0xB2)
    timer.out(0x42, 0xE8)
    timer.out(0x42, 0x03)
    clock.advance(by: 1_000_000)
    #expect(timer.in(0x61) & 0x20 != 0)
    timer.out(0x61, 0x01)
    clock.advance(by: 10_000)
    #expect(timer.in(0x61) & 0x20 == 0)
    clock.advance(by: 1_000_000)
    #expect(timer.in(0x61) & 0x20 != 0)
  }

  // MARK: Ports

  @Test("wide accesses are byte cycles, and there is nothing past the ports")
  func widths() {
    timer.write(port: 0x42, size: 2, value: 0x14_55)
    timer.write(port: 0x40, size: 1, value: 0x77)
    clock.advance(by: 1_000)
    #expect(timer.read(port: 0x40, size: 1) == 0x77)
    #expect(timer.read(port: 0x43, size: 4) == 0xFFFF_FFFF)
    #expect(timer.read(port: 0x60, size: 1) == 0xFF)
    #expect(timer.read(port: 0x62, size: 2) == 0xFFFF)
    #expect(timer.read(port: 0x61, size: 2) == 0xFF00)
  }
}
