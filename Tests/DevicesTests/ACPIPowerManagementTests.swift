import Synchronization
import TestSupport
import Testing

@testable import Devices

/// The power management device with a clock that the test moves.
private final class Bench: Sendable {
  let line = RecordingLine()
  let powerOffs = Counter()
  let deadlineChanges = Counter()
  let device: ACPIPowerManagement
  private let time: TestTime

  init(start: UInt64 = 5_000) {
    let time = TestTime(start)
    let (powerOffs, deadlineChanges) = (powerOffs, deadlineChanges)
    self.time = time
    device = ACPIPowerManagement(
      clock: DeviceClock(
        now: { time.now }, deadlineChanged: { deadlineChanges.increment() }),
      interrupt: line, onPowerOff: { powerOffs.increment() })
  }

  var now: UInt64 {
    get { time.now }
    set { time.now = newValue }
  }

  func read(_ port: UInt16, _ size: Int) -> UInt32 { device.read(port: port, size: size) }

  func write(_ port: UInt16, _ size: Int, _ value: UInt32) {
    device.write(port: port, size: size, value: value)
  }

  /// Switches to ACPI mode with the timer's event enabled.
  func enableTimerEvent() {
    write(0xB2, 1, 2)
    write(0x602, 2, 1)
  }
}

private final class TestTime: Sendable {
  private let value: Atomic<UInt64>
  init(_ value: UInt64) { self.value = Atomic(value) }
  var now: UInt64 {
    get { value.load(ordering: .relaxed) }
    set { value.store(newValue, ordering: .relaxed) }
  }
}

/// Nanoseconds until the timer's bit 31 has changed once: 2^31 / 3.579545 MHz, rounded up.
private let halfPeriod: UInt64 = 599_932_015_941

@Suite struct ACPIPowerManagementTests {
  @Test("what QEMU's guests write to power off does", arguments: [2, 4])
  func powerOff(size: Int) {
    let bench = Bench()
    bench.write(0x604, size, 0x2000)
    #expect(bench.powerOffs.count == 1)
    #expect(bench.read(0x604, 2) == 0)  // SLP_EN reads as 0
  }

  @Test("the high byte alone powers off, too")
  func powerOffByte() {
    let bench = Bench()
    bench.write(0x605, 1, 0x20)
    #expect(bench.powerOffs.count == 1)
  }

  @Test("SLP_EN counts with the SLP_TYP that is written with it")
  func sleepTypes() {
    let bench = Bench()
    for type in 1...7 as ClosedRange<UInt32> { bench.write(0x604, 2, type << 10 | 1 << 13) }
    #expect(bench.powerOffs.count == 0)
    #expect(bench.read(0x604, 2) == 7 << 10)
    bench.write(0x604, 2, 0)  // SLP_TYP without SLP_EN
    bench.write(0x604, 1, 0x20)  // not SLP_EN
    #expect(bench.powerOffs.count == 0)
    bench.write(0x604, 2, 1 << 13)
    #expect(bench.powerOffs.count == 1)
  }

  @Test("SMI_CMD switches between legacy and ACPI mode, and nothing else does")
  func modes() {
    let bench = Bench()
    #expect(bench.read(0x604, 2) == 0)
    bench.write(0x604, 2, 1)
    #expect(bench.read(0x604, 2) == 0)
    bench.write(0xB2, 1, 2)
    #expect(bench.read(0x604, 2) == 1)
    bench.write(0x604, 2, 0)
    #expect(bench.read(0x604, 2) == 1)
    bench.write(0xB2, 1, 0x80)
    #expect(bench.read(0x604, 2) == 1)
    bench.write(0xB2, 1, 3)
    #expect(bench.read(0x604, 2) == 0)
    #expect(bench.read(0xB2, 1) == 3)
  }

  @Test("BM_RLD and SLP_TYP are kept, GBL_RLS and reserved bits are not")
  func controlBits() {
    let bench = Bench()
    bench.write(0x604, 2, 0xDFFF)
    #expect(bench.read(0x604, 2) == 0x1C02)
  }

  @Test("the byte after SMI_CMD keeps what is written")
  func scratch() {
    let bench = Bench()
    bench.write(0xB2, 2, 0x5A02)
    #expect(bench.read(0xB2, 2) == 0x5A02)
    #expect(bench.read(0x604, 2) == 1)
  }

  @Test("TMR_EN, GBL_EN and RTC_EN can be enabled, and no other event")
  func enableBits() {
    let bench = Bench()
    bench.write(0x602, 2, 0xFFFF)
    #expect(bench.read(0x602, 2) == 0x421)
    bench.write(0x602, 1, 0)
    #expect(bench.read(0x600, 4) == 0x400_0000)
    bench.write(0x603, 1, 0)
    #expect(bench.read(0x600, 4) == 0)
  }

  @Test("what lies between and beyond the registers")
  func gaps() {
    let bench = Bench()
    bench.write(0x606, 2, 0xFFFF)
    #expect(bench.read(0x606, 2) == 0)
    #expect(bench.read(0x60A, 4) >> 16 == 0xFFFF)
    #expect(bench.read(0xB3, 4) & 0xFFFF_FF00 == 0xFFFF_FF00)
  }
}

@Suite struct ACPITimerTests {
  @Test(
    "counts 3,579,545 times a second, in 32 bits",
    arguments: [
      (0, 0), (279, 0), (280, 1), (1_000_000_000, 3_579_545), (60_000_000_000, 214_772_700),
      (1_200_000_000_000, 0x0007_6D30),  // wrapped once
    ] as [(UInt64, UInt32)])
  func rate(nanoseconds: UInt64, ticks: UInt32) {
    let bench = Bench()
    bench.now += nanoseconds
    #expect(bench.read(0x608, 4) == ticks)
  }

  @Test("can be read by bytes and words, and not be written")
  func widths() {
    let bench = Bench()
    bench.now += 60_000_000_000
    #expect(bench.read(0x608, 4) == 0x0CCD_2BDC)
    #expect(bench.read(0x60A, 2) == 0x0CCD)
    #expect(
      (0...3 as ClosedRange<UInt16>).map { bench.read(0x608 + $0, 1) } == [0xDC, 0x2B, 0xCD, 0x0C])
    bench.write(0x608, 4, 0)
    #expect(bench.read(0x608, 4) == 0x0CCD_2BDC)
  }

  @Test("TMR_STS is set when the highest bit changes, either way, and cleared by writing 1")
  func status() {
    let bench = Bench()
    bench.now += halfPeriod - 1
    #expect(bench.read(0x600, 2) == 0)
    bench.now += 1
    #expect(bench.read(0x600, 2) == 1)
    bench.write(0x600, 2, 0)
    #expect(bench.read(0x600, 2) == 1)
    bench.write(0x600, 2, 1)
    #expect(bench.read(0x600, 2) == 0)
    bench.now += halfPeriod
    #expect(bench.read(0x600, 2) == 1)
  }

  @Test("the event interrupts at its deadline, until it is cleared")
  func interrupt() throws {
    let bench = Bench()
    #expect(bench.device.deadline == nil)
    bench.enableTimerEvent()
    #expect(bench.deadlineChanges.count == 1)
    let deadline = try #require(bench.device.deadline)
    #expect(deadline == 5_000 + halfPeriod)
    bench.now = deadline - 1
    bench.device.advance(to: bench.now)
    #expect(bench.line.history == [])
    bench.now = deadline
    bench.device.advance(to: bench.now)
    #expect(bench.line.history == [true])
    #expect(bench.device.deadline == nil)
    bench.write(0x600, 2, 1)
    #expect(bench.line.history == [true, false])
    #expect(bench.deadlineChanges.count == 2)
    let next = try #require(bench.device.deadline)
    #expect((2 * halfPeriod - 1...2 * halfPeriod).contains(next - 5_000))
  }

  @Test("a guest that reads first finds the event, however late the timer's thread is")
  func lateThread() {
    let bench = Bench()
    bench.enableTimerEvent()
    bench.now += 10 * halfPeriod
    #expect(bench.read(0x600, 2) == 1)
    #expect(bench.line.history == [true])
    bench.device.advance(to: bench.now)
    #expect(bench.line.history == [true])
  }

  @Test("nothing interrupts in legacy mode, and nothing is due")
  func legacyMode() {
    let bench = Bench()
    bench.write(0x602, 2, 1)
    #expect(bench.device.deadline == nil)
    bench.now += halfPeriod
    #expect(bench.read(0x600, 2) == 1)
    #expect(bench.line.history == [])
    bench.write(0xB2, 1, 2)
    #expect(bench.line.history == [true])
    bench.write(0xB2, 1, 3)
    #expect(bench.line.history == [true, false])
  }

  @Test("reset withdraws the interrupt and lets the timer run on")
  func reset() {
    let bench = Bench()
    bench.enableTimerEvent()
    bench.now += halfPeriod
    bench.device.advance(to: bench.now)
    bench.device.reset()
    #expect(bench.line.history == [true, false])
    #expect(bench.read(0x600, 4) == 0)
    #expect(bench.read(0x604, 2) == 0)
    #expect(bench.read(0x608, 4) == 0x8000_0000)
  }

  @Test("a clock near its end, or one that goes back, harms nothing")
  func extremeTimes() {
    let bench = Bench(start: 1_000)
    bench.enableTimerEvent()
    bench.now = 0
    #expect(bench.read(0x608, 4) == 0)
    bench.now = .max
    #expect(bench.read(0x600, 2) == 1)
    bench.write(0x600, 2, 1)
    #expect(bench.device.deadline == nil)
    bench.device.advance(to: .max)
    bench.device._checkInvariants()
  }
}

@Suite struct ACPIPropertyTests {
  @Test("random accesses of every width, at random times", arguments: [1, 2, 3] as [UInt64])
  func randomAccesses(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bench = Bench()
    var wasDue = false
    for step in 0..<20_000 * effort {
      let port =
        Bool.random(using: &generator)
        ? UInt16.random(in: 0x5FE...0x60D, using: &generator)
        : UInt16.random(in: 0xB0...0xB5, using: &generator)
      let size = [1, 2, 4][Int.random(in: 0..<3, using: &generator)]
      switch Int.random(in: 0..<8, using: &generator) {
      case 0...2: _ = bench.read(port, size)
      case 3...5: bench.write(port, size, generator.next32())
      case 6: bench.enableTimerEvent()
      default:
        bench.now &+= UInt64.random(in: 0...2 * halfPeriod, using: &generator)
        if let deadline = bench.device.deadline, deadline <= bench.now {
          bench.device.advance(to: bench.now)
          wasDue = true
          #expect(bench.line.isAsserted, "step \(step) of seed \(seed)")
        }
      }
      bench.device._checkInvariants()
    }
    // The line changed each time it was set, and the events were reached at all.
    let history = bench.line.history
    #expect(zip(history, history.dropFirst()).allSatisfy { $0 != $1 }, "seed \(seed)")
    #expect(history.first == true)
    #expect(wasDue)
  }
}

extension SplitMix64 {
  fileprivate mutating func next32() -> UInt32 { UInt32(truncatingIfNeeded: next()) }
}
