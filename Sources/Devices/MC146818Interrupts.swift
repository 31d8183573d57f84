/// What lies ahead: the next alarm and the next periodic interrupt.
extension MC146818 {
  // MARK: Alarm

  /// The first second after `second`, and within a day of it, at which the time matches the three
  /// alarm registers; nil if none does.
  ///
  /// The registers are compared as they are, in the formats of the time's registers, as the chip
  /// does: an alarm in the other format, or at 25 o'clock, never comes.
  func nextAlarm(after second: Int64) -> Int64? {
    var candidate = second &+ 1
    let end = candidate &+ Self.secondsPerDay
    // An hour or a minute that does not match is skipped as a whole, so there are few rounds.
    while candidate < end {
      let (_, timeOfDay) = flooredDivision(candidate, by: Self.secondsPerDay)
      if !matches(Register.hoursAlarm, encodedHour(timeOfDay / 3600)) {
        candidate &+= 3600 - timeOfDay % 3600
      } else if !matches(Register.minutesAlarm, encoded(timeOfDay / 60 % 60)) {
        candidate &+= 60 - timeOfDay % 60
      } else if !matches(Register.secondsAlarm, encoded(timeOfDay % 60)) {
        candidate &+= 1
      } else {
        return candidate
      }
    }
    return nil
  }

  private func matches(_ alarm: UInt8, _ value: UInt8) -> Bool {
    let byte = bytes[Int(alarm)]
    return byte == value || byte & Self.dontCare == Self.dontCare
  }

  // MARK: Periodic interrupt

  /// An oscillation of the crystal takes 1,953,125 / 64 ns.
  private static let oscillation: (nanoseconds: UInt64, count: UInt64) = (1_953_125, 64)

  /// By how many bits oscillations are shifted down to periods; nil when there are none.
  private var periodShift: UInt64? {
    guard isCounting else { return nil }
    switch UInt64(controlA & ControlA.rate) {
    case 0: return nil
    // The two fastest rates exist with faster crystals only; with this one they are slow again.
    case let rate where rate <= 2: return rate + 6
    case let rate: return rate - 1
    }
  }

  /// How many periods have passed since the divider was released; nil when there are none.
  func period(at monotonic: UInt64) -> UInt64? {
    guard let periodShift else { return nil }
    let elapsed = monotonic - min(monotonic, dividerStart)
    // The upper half of the product is less than 64, so the quotient has 64 bits.
    let (oscillations, _) = Self.oscillation.nanoseconds.dividingFullWidth(
      elapsed.multipliedFullWidth(by: Self.oscillation.count))
    return oscillations >> periodShift
  }

  /// When the period after the last one that was seen begins, on the monotonic clock; nil if never.
  var nextPeriodStart: UInt64? {
    guard let periodShift else { return nil }
    let product = ((seenPeriod &+ 1) << periodShift)
      .multipliedFullWidth(by: Self.oscillation.nanoseconds)
    // Later than a 64-bit clock can show.
    guard product.high < Self.oscillation.count else { return nil }
    let (nanoseconds, rest) = Self.oscillation.count.dividingFullWidth(product)
    let (start, isNever) = dividerStart.addingReportingOverflow(
      nanoseconds &+ (rest == 0 ? 0 : 1))
    return isNever ? nil : start
  }
}
