/// Nanoseconds to clocks of the 8254 and back, exact for every 64-bit number of nanoseconds.
enum PIT8254Clock {
  private static let nanosecondsPerSecond: UInt64 = 1_000_000_000

  /// How many clocks are over after some nanoseconds: rounded down.
  static func clocks(inNanoseconds nanoseconds: UInt64) -> UInt64 {
    // The high word is below the frequency, thus below the divisor: the quotient fits.
    let product = nanoseconds.multipliedFullWidth(by: PIT8254.frequency)
    return nanosecondsPerSecond.dividingFullWidth(product).quotient
  }

  /// After how many nanoseconds so many clocks are over: rounded up, so that by then they are. Nil if
  /// that is never, within 64 bits.
  static func nanoseconds(forClocks clocks: UInt64) -> UInt64? {
    let product = clocks.multipliedFullWidth(by: nanosecondsPerSecond)
    guard product.high < PIT8254.frequency else { return nil }
    let (quotient, remainder) = PIT8254.frequency.dividingFullWidth(product)
    let (result, overflow) = quotient.addingReportingOverflow(remainder > 0 ? 1 : 0)
    return overflow ? nil : result
  }
}
