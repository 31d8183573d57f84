/// The time of day: from the host's clock to registers, and back.
extension MC146818 {
  /// In nanoseconds.
  static let second: Int64 = 1_000_000_000
  static let secondsPerDay: Int64 = 86_400
  /// From the rise of UIP to the end of the update, at 32,768 Hz: t_BUC and t_UC.
  private static let updateTime: Int64 = 244_000 + 1_984_000
  /// Between the release of the divider and the first update.
  private static let firstUpdate: Int64 = 500_000_000

  static func isTime(_ index: UInt8) -> Bool {
    switch index {
    case Register.seconds, Register.minutes, Register.hours, Register.dayOfWeek,
      Register.dateOfMonth, Register.month, Register.year, CMOSMemory.Index.century:
      true
    default: false
    }
  }

  /// The guest's time: seconds since the beginning of 1970, and nanoseconds in the current one.
  func time(at instant: Instant) -> (second: Int64, nanosecond: Int64) {
    let (second, nanosecond) = flooredDivision(instant.wall &+ phaseOffset, by: Self.second)
    return (second &+ secondsOffset, nanosecond)
  }

  func isUpdating(at instant: Instant) -> Bool {
    isRunning && time(at: instant).nanosecond >= Self.second - Self.updateTime
  }

  /// The divider leaves reset, and is half a second from an update.
  mutating func restartDivider(at instant: Instant) {
    let (_, phase) = flooredDivision(instant.wall, by: Self.second)
    let untilUpdate = Self.second - Self.firstUpdate
    phaseOffset = flooredDivision(untilUpdate - phase, by: Self.second).remainder
    dividerStart = instant.monotonic
  }

  // MARK: Registers

  /// What a register of the running clock shows.
  func timeByte(_ index: UInt8, at instant: Instant) -> UInt8 {
    let (days, secondOfDay) = flooredDivision(time(at: instant).second, by: Self.secondsPerDay)
    switch index {
    case Register.seconds: return encoded(secondOfDay % 60)
    case Register.minutes: return encoded(secondOfDay / 60 % 60)
    case Register.hours: return encodedHour(secondOfDay / 3600)
    case Register.dayOfWeek:
      let weekday = CalendarDate.weekday(daysSinceEpoch: days)
      return encoded((weekday - 1 + weekdayOffset) % 7 + 1)
    default:
      let date = CalendarDate(daysSinceEpoch: days)
      let (century, year) = flooredDivision(date.year, by: 100)
      switch index {
      case Register.dateOfMonth: return encoded(date.day)
      case Register.month: return encoded(date.month)
      case Register.year: return encoded(year)
      default: return encoded(flooredDivision(century, by: 100).remainder)
      }
    }
  }

  /// Stores the time in the registers, from where the clock stands still.
  mutating func holdTime(at instant: Instant) {
    for index in Register.time { bytes[Int(index)] = timeByte(index, at: instant) }
  }

  /// Lets the clock run on from what the registers hold.
  ///
  /// When the next second begins does not depend on when this one was set.
  mutating func releaseTime(at instant: Instant) {
    let (century, year) = (
      decoded(CMOSMemory.Index.century, 0...99), decoded(Register.year, 0...99)
    )
    let date = CalendarDate(
      year: 100 * century + year, month: decoded(Register.month, 1...12),
      day: decoded(Register.dateOfMonth, 1...31))
    let days = date.daysSinceEpoch
    let timeOfDay =
      3600 * decodedHour() + 60 * decoded(Register.minutes, 0...59)
      + decoded(Register.seconds, 0...59)
    let weekday = CalendarDate.weekday(daysSinceEpoch: days)
    weekdayOffset =
      flooredDivision(decoded(Register.dayOfWeek, 1...7) - weekday, by: 7).remainder
    seenSecond = Self.secondsPerDay * days + timeOfDay
    secondsOffset &+= seenSecond &- time(at: instant).second
  }

  // MARK: Formats

  /// A number below 100 as register B wants it.
  func encoded(_ number: Int64) -> UInt8 {
    let byte = UInt8(truncatingIfNeeded: number)
    return controlB.contains(.binary) ? byte : (byte / 10) << 4 | byte % 10
  }

  /// 0 to 23 as register B wants it.
  func encodedHour(_ hour: Int64) -> UInt8 {
    guard !controlB.contains(.twentyFourHours) else { return encoded(hour) }
    return encoded((hour + 11) % 12 + 1) | (hour >= 12 ? Self.afternoon : 0)
  }

  private func decoded(_ byte: UInt8) -> Int64 {
    controlB.contains(.binary) ? Int64(byte) : 10 * Int64(byte >> 4) + Int64(byte & 0x0F)
  }

  private func decoded(_ index: UInt8, _ range: ClosedRange<Int64>) -> Int64 {
    min(max(decoded(bytes[Int(index)]), range.lowerBound), range.upperBound)
  }

  private func decodedHour() -> Int64 {
    guard !controlB.contains(.twentyFourHours) else { return decoded(Register.hours, 0...23) }
    let byte = bytes[Int(Register.hours)]
    let hour = min(max(decoded(byte & ~Self.afternoon), 1), 12) % 12
    return byte & Self.afternoon == 0 ? hour : hour + 12
  }

  /// Of an hour of twelve.
  private static let afternoon: UInt8 = 1 << 7
}
