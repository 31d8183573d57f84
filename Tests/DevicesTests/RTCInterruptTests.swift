import Devices
import Testing

@Suite("Real-time clock: interrupts", .timeLimit(.minutes(5)))
struct RTCInterruptTests {
  @Test("nothing is due while no interrupt is enabled")
  func idle() {
    let rtc = RTC()
    #expect(rtc.device.deadline == nil)
    for rate in UInt8(0)...15 {
      rtc.write(0x0A, 0x20 | rate)
      #expect(rtc.device.deadline == nil)
    }
    #expect(rtc.run(3600 * .second) == 0)
    #expect(rtc.line.history == [])
    #expect(rtc.time.deadlineChanges.count == 0)
  }

  @Test("flags are set without their enables, and reading clears them")
  func flags() {
    let rtc = RTC()
    rtc.write(0x01, 0x22)
    rtc.write(0x03, 0x13)
    rtc.write(0x05, 0x22)
    #expect(rtc.read(0x0C) == 0)
    rtc.time.pass(.millisecond)
    #expect(rtc.read(0x0C) == 0x40, "a period")
    #expect(rtc.read(0x0C) == 0)
    rtc.time.pass(.second)
    #expect(rtc.read(0x0C) == 0x50, "a period and an update")
    rtc.time.pass(.second)
    #expect(rtc.read(0x0C) == 0x70, "an alarm, too")
    #expect(rtc.read(0x0C) == 0)
    #expect(rtc.line.history == [])
  }

  @Test("the update-ended interrupt comes when the second changes, once")
  func updateEnded() {
    let rtc = RTC()
    rtc.time.pass(250 * .millisecond)
    rtc.write(0x0B, 0x12)
    #expect(rtc.time.deadlineChanges.count == 1)
    #expect(rtc.device.deadline == rtc.time.now.monotonic + 750 * .millisecond)
    rtc.run(750 * .millisecond)
    #expect(rtc.line.take() == [true])
    #expect(rtc.read(0x00) == 0x21)
    #expect(rtc.device.deadline == nil, "nothing can happen before it is acknowledged")
    #expect(rtc.run(10 * .second) == 0)
    #expect(rtc.read(0x0C) == 0xD0)
    #expect(rtc.line.take() == [false])
    #expect(rtc.device.deadline == rtc.time.now.monotonic + .second)
    #expect(rtc.time.deadlineChanges.count == 2)
  }

  @Test("setting SET disables the update-ended interrupt")
  func setDisables() {
    let rtc = RTC()
    rtc.write(0x0B, 0x92)
    #expect(rtc.read(0x0B) == 0x82)
    #expect(rtc.device.deadline == nil)
    rtc.write(0x0B, 0x12)
    #expect(rtc.read(0x0B) == 0x12)
    rtc.write(0x0B, 0xF2)
    #expect(rtc.read(0x0B) == 0xE2)
  }

  @Test(
    "each rate of the periodic interrupt is the datasheet's",
    arguments: zip(
      UInt8(1)...15,
      [256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2] as [UInt64]))
  func rates(rate: UInt8, frequency: UInt64) {
    let rtc = RTC()
    rtc.write(0x0A, 0x60)
    rtc.write(0x0A, 0x20 | rate)
    rtc.write(0x0B, 0x42)
    var count: UInt64 = 0
    let start = rtc.time.now.monotonic
    while let deadline = rtc.device.deadline, deadline <= start + 2 * .second {
      rtc.time.pass(deadline - 1 - rtc.time.now.monotonic)
      rtc.device.advance(to: rtc.time.now.monotonic)
      guard !rtc.line.isAsserted else {
        Issue.record("early at interrupt \(count)")
        return
      }
      rtc.time.pass(1)
      rtc.device.advance(to: rtc.time.now.monotonic)
      count += 1
      guard rtc.line.isAsserted, rtc.read(0x0C) & 0xC0 == 0xC0, !rtc.line.isAsserted else {
        Issue.record("no interrupt \(count) at its deadline")
        return
      }
      // Rounded up to nanoseconds, and never drifting.
      let exact = (count * .second + frequency - 1) / frequency
      guard deadline - start == exact else {
        Issue.record("interrupt \(count) at \(deadline - start), not \(exact)")
        return
      }
    }
    #expect(count == 2 * frequency)
  }

  @Test("rate 0 has no interrupt, and neither has a divider in reset")
  func noRate() {
    let rtc = RTC()
    rtc.write(0x0A, 0x20)
    rtc.write(0x0B, 0x42)
    #expect(rtc.device.deadline == nil)
    rtc.write(0x0A, 0x66)
    #expect(rtc.device.deadline == nil)
    rtc.time.pass(.second)
    #expect(rtc.read(0x0C) == 0)
    rtc.write(0x0A, 0x26)
    #expect(rtc.device.deadline == rtc.time.now.monotonic + 976_563)
  }

  @Test("periods go on with SET")
  func periodicWithSet() {
    let rtc = RTC()
    rtc.write(0x0B, 0xC2)
    rtc.run(.second)
    #expect(rtc.line.take() == [true])
    #expect(rtc.read(0x0C) == 0xC0, "and no update")
  }

  @Test("however many periods were missed, there is one interrupt, and the next is in time")
  func coalesced() {
    let rtc = RTC()
    rtc.write(0x0A, 0x60)
    rtc.write(0x0A, 0x26)
    let start = rtc.time.now.monotonic
    rtc.write(0x0B, 0x42)
    rtc.time.pass(10_000 * .second + 1)
    rtc.device.advance(to: rtc.time.now.monotonic)
    #expect(rtc.line.take() == [true])
    #expect(rtc.read(0x0C) & 0xC0 == 0xC0)
    #expect(rtc.line.take() == [false])
    #expect(rtc.device.deadline == start + 10_000 * .second + 976_563)
  }

  @Test(
    "an alarm comes at its time and no other",
    arguments: [
      // Hours, minutes, seconds; and how many seconds after 22:13:20.
      ([0x22, 0x13, 0x21], 1), ([0x22, 0x13, 0x20], 86_400), ([0x22, 0x13, 0x19], 86_399),
      ([0x23, 0x00, 0x00], 2800), ([0x00, 0x00, 0x00], 6400), ([0xFF, 0xFF, 0xFF], 1),
      ([0xFF, 0xFF, 0x00], 40), ([0xFF, 0x00, 0x00], 2800), ([0xC0, 0xFF, 0x20], 60),
      ([0x22, 0xFF, 0x10], 50), ([0x03, 0xFF, 0xFF], 17_200),
    ] as [([UInt8], UInt64)])
  func alarm(registers: [UInt8], seconds: UInt64) {
    let rtc = RTC()
    rtc.setAlarm(registers)
    rtc.write(0x0B, 0x22)
    #expect(rtc.device.deadline == rtc.time.now.monotonic + seconds * .second)
    rtc.run(seconds * .second - 1)
    #expect(!rtc.line.isAsserted)
    rtc.run(1)
    #expect(rtc.line.take() == [true])
    #expect(rtc.read(0x0C) & 0xB0 == 0xB0)
    #expect([5, 3, 1].map { rtc.read($0) } == registers)
  }

  @Test(
    "an alarm that is no time never comes",
    arguments: [
      (0x02, [0x24, 0xFF, 0xFF]), (0x02, [0x1A, 0xFF, 0xFF]), (0x02, [0xFF, 0x60, 0xFF]),
      (0x02, [0xFF, 0xFF, 0xBF]), (0x00, [0x22, 0xFF, 0xFF]), (0x06, [0xFF, 61, 0xFF]),
    ] as [(format: UInt8, registers: [UInt8])])
  func impossibleAlarm(format: UInt8, registers: [UInt8]) {
    let rtc = RTC()
    rtc.setAlarm(registers)
    rtc.write(0x0B, format | 0x20)
    #expect(rtc.device.deadline == nil)
    rtc.time.pass(86_400 * .second)
    #expect(rtc.read(0x0C) & 0x20 == 0)
  }

  @Test("alarms of twelve hours tell the afternoon from the morning")
  func twelveHourAlarm() {
    let rtc = RTC()  // 22:13:20
    rtc.write(0x03, 0x13)
    rtc.write(0x01, 0x20)
    rtc.write(0x05, 0x10)
    rtc.write(0x0B, 0x20)
    #expect(rtc.device.deadline == rtc.time.now.monotonic + 43_200 * .second)
    rtc.write(0x05, 0x90)
    #expect(rtc.device.deadline == rtc.time.now.monotonic + 86_400 * .second)
  }

  @Test("an alarm that the host's clock steps over comes; one behind a step back does not")
  func alarmAndSteps() {
    let rtc = RTC()
    rtc.setAlarm([0x23, 0x00, 0x00])
    rtc.time.stepWallClock(-3600 * 1_000_000_000)
    #expect(rtc.read(0x0C) == 0x10, "an update")
    rtc.time.stepWallClock(7200 * 1_000_000_000)
    #expect(rtc.read(0x0C) == 0x30)
    rtc.time.stepWallClock(-60 * 1_000_000_000)
    #expect(rtc.read(0x0C) == 0x10)
  }

  @Test("an interrupt that is enabled when its flag is set comes at once")
  func lateEnable() {
    let rtc = RTC()
    rtc.time.pass(.second)
    rtc.write(0x0B, 0x12)
    #expect(rtc.line.take() == [true])
    rtc.write(0x0B, 0x02)
    #expect(rtc.line.take() == [false])
    #expect(rtc.read(0x0C) == 0x50, "the flag stays")
  }

  @Test("the earliest of several interrupts is due")
  func several() {
    let rtc = RTC()
    rtc.write(0x0A, 0x60)
    rtc.write(0x0A, 0x2F)
    rtc.time.pass(100 * .millisecond)
    rtc.write(0x0B, 0x52)
    let now = rtc.time.now.monotonic
    // The period began with the divider, and so did the second: both are due in 400 ms.
    #expect(rtc.device.deadline == now + 400 * .millisecond)
    rtc.run(400 * .millisecond)
    #expect(rtc.read(0x0C) == 0xD0)
    #expect(rtc.device.deadline == now + 900 * .millisecond)
  }

  @Test("a reset disables interrupts and keeps the time")
  func reset() {
    let rtc = RTC()
    rtc.write(0x0B, 0x7A)
    rtc.write(0x40, 0x55)
    rtc.run(.second)
    #expect(rtc.line.take() == [true])
    rtc.device.reset()
    #expect(rtc.line.take() == [false])
    #expect(rtc.device.deadline == nil)
    #expect(rtc.read(0x0B) == 0x02)
    #expect(rtc.read(0x0C) == 0)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x21])
    #expect(rtc.read(0x40) == 0x55)
  }
}
