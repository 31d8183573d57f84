import Devices
import Glibc
import TestSupport
import Testing

/// What the C library makes of a time, UTC.
private struct LibraryTime {
  let year, month, day, hour, minute, second: Int
  /// 1 for Sunday.
  let weekday: Int

  init(seconds: Int64) {
    var time = time_t(seconds)
    var parts = unsafe tm()
    unsafe gmtime_r(&time, &parts)
    year = unsafe Int(parts.tm_year) + 1900
    month = unsafe Int(parts.tm_mon) + 1
    day = unsafe Int(parts.tm_mday)
    hour = unsafe Int(parts.tm_hour)
    minute = unsafe Int(parts.tm_min)
    second = unsafe Int(parts.tm_sec)
    weekday = unsafe Int(parts.tm_wday) + 1
  }
}

@Suite("Real-time clock: the time", .timeLimit(.minutes(5)))
struct RTCTimeTests {
  @Test("the host's time, in BCD and of 24 hours, as a PC starts")
  func initialTime() {
    let rtc = RTC(time: FakeTime(wall: 1_700_000_000))  // Tue 2023-11-14 22:13:20 UTC
    #expect(rtc.read(0x0A) == 0x26)
    #expect(rtc.read(0x0B) == 0x02)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x20])
    #expect(rtc.read(0x06) == 3)
    rtc.time.pass(100 * .second)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x15, 0x00])
  }

  @Test("binary numbers")
  func binary() {
    let rtc = RTC()
    rtc.write(0x0B, 0x06)
    #expect(rtc.date() == [20, 23, 11, 14, 22, 13, 20])
  }

  @Test("twelve hours, in both formats")
  func twelveHours() {
    let rtc = RTC(time: FakeTime(wall: 1_700_006_400))  // 2023-11-15 00:00:00 UTC
    rtc.write(0x0B, 0x00)
    let bcd = (0..<24).map { _ in
      defer { rtc.time.pass(3600 * .second) }
      return rtc.read(0x04)
    }
    let morning: [UInt8] = [0x12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0x11]
    #expect(bcd == morning + morning.map { $0 | 0x80 })
    rtc.write(0x0B, 0x04)
    #expect(rtc.read(0x04) == 12)
    rtc.time.pass(13 * 3600 * .second)
    #expect(rtc.read(0x04) == 0x81)
  }

  @Test("every day from 1996 to 2105 is the C library's")
  func calendar() {
    let days = Int64(9496)...49_672
    let rtc = RTC(time: FakeTime(wall: days.lowerBound * 86_400 + 86_399))
    rtc.write(0x0B, 0x06)
    for day in days {
      defer { rtc.time.pass(86_400 * .second) }
      let expected = LibraryTime(seconds: day * 86_400)
      let date = [expected.year / 100, expected.year % 100, expected.month, expected.day]
      guard rtc.date().prefix(4).elementsEqual(date.map { UInt8($0) }),
        rtc.read(6) == UInt8(expected.weekday)
      else {
        Issue.record("day \(day): \(rtc.date()), \(rtc.read(6))")
        return
      }
    }
  }

  @Test(
    "a date that was set goes on from there",
    arguments: [
      ([0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59], [0x20, 0x00, 0x01, 0x01, 0, 0, 0]),
      ([0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x59], [0x20, 0x24, 0x02, 0x29, 0, 0, 0]),
      ([0x21, 0x00, 0x02, 0x28, 0x23, 0x59, 0x59], [0x21, 0x00, 0x03, 0x01, 0, 0, 0]),
      ([0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59], [0x00, 0x00, 0x01, 0x01, 0, 0, 0]),
      ([0x00, 0x00, 0x02, 0x28, 0x23, 0x59, 0x59], [0x00, 0x00, 0x02, 0x29, 0, 0, 0]),
    ] as [([UInt8], [UInt8])])
  func setting(date: [UInt8], next: [UInt8]) {
    let rtc = RTC()
    rtc.setDate(date)
    #expect(rtc.date() == date)
    rtc.time.pass(.second)
    #expect(rtc.date() == next)
  }

  @Test("random dates read back in each format, and a day later one day on")
  func settingProperty() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 * effort {
      let control = UInt8([0x00, 0x02, 0x04, 0x06].randomElement(using: &random) ?? 0)
      let rtc = RTC()
      rtc.write(0x0B, control)
      func encode(_ value: Int) -> UInt8 {
        UInt8(control & 0x04 != 0 ? value : value / 10 * 16 + value % 10)
      }
      var time = Int64.random(in: -62_135_596_800...253_402_214_399, using: &random)
      func bytes() -> [UInt8] {
        let parts = LibraryTime(seconds: time)
        let hour = parts.hour
        let hours =
          control & 0x02 != 0
          ? encode(hour) : encode(hour % 12 == 0 ? 12 : hour % 12) | (hour < 12 ? 0 : 0x80)
        return [
          encode(parts.year / 100), encode(parts.year % 100), encode(parts.month),
          encode(parts.day), hours, encode(parts.minute), encode(parts.second),
        ]
      }
      let now = bytes()
      rtc.setDate(now)
      let isSet = rtc.date() == now
      time += 86_400
      rtc.time.pass(86_400 * .second)
      guard isSet, rtc.date() == bytes() else {
        Issue.record("seed \(seed): \(now) became \(rtc.date()), control \(control)")
        return
      }
    }
  }

  @Test("the time stands still while SET is 1, and takes the registers when it falls")
  func set() {
    let rtc = RTC()
    rtc.write(0x0B, 0x82)
    rtc.time.pass(10 * .second)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x20])
    rtc.write(0x04, 0x07)
    #expect(rtc.read(0x04) == 0x07)
    rtc.write(0x0B, 0x02)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x07, 0x13, 0x20])
  }

  @Test("registers that were written under SET are read in the formats that follow it")
  func formatWithSet() {
    let rtc = RTC()
    rtc.write(0x0B, 0x82)
    let date: [(UInt8, UInt8)] = [
      (0x32, 20), (9, 30), (8, 12), (7, 31), (4, 23), (2, 59), (0, 58),
    ]
    for (index, byte) in date {
      rtc.write(index, byte)
    }
    rtc.write(0x0B, 0x06)
    rtc.time.pass(.second)
    #expect(rtc.date() == [20, 30, 12, 31, 23, 59, 59])
    rtc.write(0x0B, 0x02)
    #expect(rtc.date() == [0x20, 0x30, 0x12, 0x31, 0x23, 0x59, 0x59])
  }

  @Test("a register that is written while the clock runs leaves the others alone")
  func runningWrite() {
    let rtc = RTC()
    rtc.write(0x02, 0x59)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x59, 0x20])
    rtc.time.pass(40 * .second)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x23, 0x00, 0x00])
  }

  @Test("the day of the week counts on its own from what was written")
  func weekday() {
    let rtc = RTC()
    rtc.write(0x06, 7)
    #expect(rtc.date() == [0x20, 0x23, 0x11, 0x14, 0x22, 0x13, 0x20])
    #expect(rtc.read(0x06) == 7)
    rtc.time.pass(86_400 * .second)
    #expect(rtc.read(0x06) == 1)
    rtc.setDate([0x20, 0x30, 0x01, 0x01, 0, 0, 0])
    #expect(rtc.read(0x06) == 1, "the date does not change it")
  }

  @Test("what is no date is brought into range")
  func nonsense() {
    let rtc = RTC()
    rtc.setDate([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(rtc.date() == [0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59])
    rtc.setDate([0x20, 0x23, 0x00, 0x00, 0x00, 0x00, 0x00])
    #expect(rtc.date() == [0x20, 0x23, 0x01, 0x01, 0, 0, 0])
    rtc.setDate([0x20, 0x23, 0x02, 0x31, 0, 0, 0])
    #expect(rtc.date() == [0x20, 0x23, 0x03, 0x03, 0, 0, 0])
  }

  @Test("UIP is set for 2228 us before the second changes, and never when it cannot change")
  func updateInProgress() {
    let rtc = RTC()
    #expect(rtc.read(0x0A) & 0x80 == 0)
    rtc.time.pass(.second - 2_228_001)
    #expect(rtc.read(0x0A) == 0x26)
    rtc.time.pass(1)
    #expect(rtc.read(0x0A) == 0xA6)
    rtc.time.pass(2_227_999)
    #expect(rtc.read(0x0A) == 0xA6)
    #expect(rtc.read(0x00) == 0x20)
    rtc.write(0x0B, 0x82)
    #expect(rtc.read(0x0A) == 0x26)
    rtc.write(0x0B, 0x02)
    rtc.write(0x0A, 0xE6)
    #expect(rtc.read(0x0A) == 0x66, "UIP cannot be written")
    rtc.write(0x0A, 0x26)
    rtc.time.pass(1)
    #expect(rtc.read(0x0A) == 0x26)
  }

  @Test(
    "SET keeps when the next second begins; a divider that leaves reset is half a second from it")
  func phase() {
    let rtc = RTC()
    rtc.time.pass(300 * .millisecond)
    rtc.setDate([0x20, 0x30, 0x01, 0x01, 0, 0, 0])
    rtc.time.pass(699 * .millisecond)
    #expect(rtc.read(0x00) == 0)
    rtc.time.pass(.millisecond)
    #expect(rtc.read(0x00) == 1)

    // As Linux sets the time: SET, divider in reset, registers, both back.
    rtc.time.pass(123 * .millisecond)
    rtc.write(0x0B, 0x82)
    rtc.write(0x0A, 0x76)
    rtc.write(0x00, 0x30)
    rtc.write(0x0B, 0x02)
    rtc.time.pass(5 * .second)
    #expect(rtc.read(0x00) == 0x30, "the divider is in reset")
    rtc.write(0x0A, 0x26)
    rtc.time.pass(499_999_999)
    #expect(rtc.read(0x00) == 0x30)
    rtc.time.pass(1)
    #expect(rtc.read(0x00) == 0x31)
    rtc.time.pass(.second)
    #expect(rtc.read(0x00) == 0x32)
  }

  @Test("the host's clock is followed, in both directions and before 1970")
  func hostSteps() {
    let rtc = RTC()
    rtc.time.stepWallClock(-1_700_000_001 * 1_000_000_000)
    #expect(rtc.date() == [0x19, 0x69, 0x12, 0x31, 0x23, 0x59, 0x59])
    rtc.time.stepWallClock(2 * 1_000_000_000)
    #expect(rtc.date() == [0x19, 0x70, 0x01, 0x01, 0, 0, 0x01])
  }

  @Test("clocks at the ends of their range do no harm")
  func extremes() {
    for monotonic in [0, 1, UInt64.max - 1, .max] {
      for wall in [Int64.min, -1, 0, 1, .max] {
        let instant = MC146818.Instant(monotonic: monotonic, wall: wall)
        var chip = MC146818(at: instant)
        chip._checkInvariants(at: instant)
        for other in [Int64.max, .min] {
          let instant = MC146818.Instant(monotonic: .max - monotonic, wall: other)
          for (index, value) in [
            (0x0A, 0x2F), (0x0B, 0x72), (0x09, 0x99), (0x0A, 0x60), (0x0A, 0x23),
          ]
            as [(UInt8, UInt8)]
          {
            chip.write(index, value, at: instant)
            chip._checkInvariants(at: instant)
          }
        }
      }
    }
  }
}
