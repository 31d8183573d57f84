/// An Intel 8254 programmable interval timer: three counters and nothing else.
///
/// A value: it knows no lock and keeps no time. Who owns it calls ``advance(to:)`` with the number of
/// clocks that have passed since the beginning, however many those are, before each other call; the
/// work does not depend on their number. ``IntervalTimer8254`` is such an owner.
///
/// After Intel's 8254 datasheet, to the clock: a count that is written takes effect at the next
/// clock, a trigger too. What the datasheet leaves undefined is defined here so:
/// - Before its first control word a counter is in mode 0 with OUT low, and does not count.
/// - A count of 1 in modes 2 and 3, which is illegal, makes OUT low and high for good.
/// - The bytes of a latched count start with the low one if both are to be read.
/// - A BCD digit above 9 counts as that many ones, tens, hundreds or thousands, modulo 10000.
public struct PIT8254: Equatable, Sendable {
  /// How many clocks a second CLK has on a PC: a twelfth of 14.31818 MHz.
  public static let frequency: UInt64 = 1_193_182

  /// Clocks since the beginning, up to which the counters have counted.
  public private(set) var clock: UInt64 = 0
  private var counter0 = Counter()
  private var counter1 = Counter()
  private var counter2 = Counter()

  /// A chip before its first control words, with all gates high.
  public init() {}

  /// One of the counters; counter 2 for any number but 0 and 1.
  public private(set) subscript(counter: Int) -> Counter {
    get {
      switch counter {
      case 0: counter0
      case 1: counter1
      default: counter2
      }
    }
    set {
      switch counter {
      case 0: counter0 = newValue
      case 1: counter1 = newValue
      default: counter2 = newValue
      }
    }
  }

  /// Lets time pass.
  ///
  /// - Parameter clock: Clocks since the beginning; nothing happens if that is no later than before.
  public mutating func advance(to clock: UInt64) {
    guard clock > self.clock else { return }
    let passed = clock - self.clock
    self.clock = clock
    counter0.count(passed)
    counter1.count(passed)
    counter2.count(passed)
  }

  /// When OUT of a counter rises next if nobody does anything, in clocks since the beginning; nil
  /// for never.
  public func nextRise(of counter: Int) -> UInt64? {
    guard let clocks = self[counter].clocksToRise else { return nil }
    let (sum, overflow) = clock.addingReportingOverflow(clocks)
    return overflow ? nil : sum
  }

  /// Whether OUT of a counter has risen since the last call, at least once.
  public mutating func takeRise(of counter: Int) -> Bool {
    let hasRisen = self[counter].hasRisen
    if hasRisen { self[counter].hasRisen = false }
    return hasRisen
  }

  /// Drives GATE of a counter.
  public mutating func setGate(of counter: Int, _ isHigh: Bool) {
    self[counter].setGate(isHigh)
  }

  /// Reads a register.
  ///
  /// - Parameter register: See ``Register``; only the low two bits are decoded.
  /// - Returns: A byte of a counter, of its latched count, or its latched status. All ones from the
  ///   control register, at which the chip does not drive the bus.
  public mutating func read(_ register: UInt8) -> UInt8 {
    let register = register & 3
    return register == Register.control ? 0xFF : self[Int(register)].read()
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - register: See ``Register``; only the low two bits are decoded.
  ///   - value: A byte of a count, or the control word.
  public mutating func write(_ register: UInt8, _ value: UInt8) {
    let register = register & 3
    guard register == Register.control else { return self[Int(register)].write(value) }
    switch Command(value) {
    case .program(let counter, let format): self[counter].program(format)
    case .latch(let counter): self[counter].latchCount()
    case .readBack(let counters, let latchesCount, let latchesStatus):
      for counter in 0..<3 where counters & 1 << UInt8(counter) != 0 {
        if latchesCount { self[counter].latchCount() }
        if latchesStatus { self[counter].latchStatus() }
      }
    }
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    for counter in 0..<3 { self[counter]._checkInvariants() }
  }
}
