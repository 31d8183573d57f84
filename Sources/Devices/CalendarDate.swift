/// A day of the Gregorian calendar, in which the days that a clock counts become years and months.
struct CalendarDate: Equatable, Sendable {
  var year: Int64
  /// 1 to 12.
  var month: Int64
  /// 1 to 31.
  var day: Int64

  /// 400 years, after which the calendar repeats.
  private static let daysInCycle: Int64 = 146_097
  /// From 1 March of the year 0 to 1 January 1970.
  private static let epoch: Int64 = 719_468

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day that comes `days` after 1 January 1970.
  ///
  /// The year is taken to begin in March, so that the leap day is its last and the months have
  /// 31, 30, 31, 30, 31 days in turns: day 153 of five months.
  init(daysSinceEpoch days: Int64) {
    let (cycle, dayOfCycle) = flooredDivision(days &+ Self.epoch, by: Self.daysInCycle)
    let yearOfCycle =
      (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = cycle &* 400 &+ yearOfCycle &+ (month <= 2 ? 1 : 0)
  }

  /// How many days after 1 January 1970 it is. A day beyond its month's end is one of the next
  /// month.
  var daysSinceEpoch: Int64 {
    let yearFromMarch = month <= 2 ? year &- 1 : year
    let (cycle, yearOfCycle) = flooredDivision(yearFromMarch, by: 400)
    let monthFromMarch = month > 2 ? month &- 3 : month &+ 9
    let dayOfYear = (153 &* monthFromMarch &+ 2) / 5 &+ day &- 1
    let dayOfCycle = 365 &* yearOfCycle &+ yearOfCycle / 4 &- yearOfCycle / 100 &+ dayOfYear
    return cycle &* Self.daysInCycle &+ dayOfCycle &- Self.epoch
  }

  /// 1 for Sunday to 7 for Saturday.
  static func weekday(daysSinceEpoch days: Int64) -> Int64 {
    // 1 January 1970 was a Thursday.
    flooredDivision(days &+ 4, by: 7).remainder &+ 1
  }
}

/// A quotient that is rounded down, and a remainder that is never negative.
///
/// - Parameter divisor: Positive.
func flooredDivision(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient &- 1, remainder &+ divisor) : (quotient, remainder)
}
