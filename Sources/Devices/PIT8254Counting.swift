/// What the clock does to a counter: Intel 8254 datasheet, "Mode definitions".
///
/// Everything is computed for any number of clocks at once, by division where a counter goes round.
extension PIT8254.Counter {
  /// Lets clocks pass.
  mutating func count(_ clocks: UInt64) {
    guard clocks > 0 else { return }
    // A strobe lasts one clock, whatever else happens at its end.
    if mode.isStrobe { setOut(true) }
    var rest = clocks
    if loadsAtNextClock {
      load()
      rest -= 1
    }
    guard rest > 0, isLoaded, isCounting else { return }
    switch mode {
    case .interruptOnTerminalCount, .hardwareRetriggerableOneShot: countDown(rest)
    case .rateGenerator: countPeriods(rest)
    case .squareWave: countHalves(rest)
    case .softwareTriggeredStrobe, .hardwareTriggeredStrobe: countToStrobe(rest)
    }
  }

  /// GATE stops a counter except in the modes that it triggers.
  private var isCounting: Bool { mode.isHardwareTriggered || gate && !isSuspended }

  /// The clock after a count or a trigger: CR goes to CE.
  private mutating func load() {
    loadsAtNextClock = false
    isLoaded = true
    isCountNull = false
    element = register
    switch mode {
    case .interruptOnTerminalCount: break
    case .hardwareRetriggerableOneShot: setOut(false)
    case .rateGenerator: setOut(!gate || element != 1)
    case .squareWave:
      loadHalf()
      setOut(true)
    case .softwareTriggeredStrobe, .hardwareTriggeredStrobe: isArmed = true
    }
  }

  /// Modes 0 and 1: OUT rises at zero, and CE goes on from the top.
  private mutating func countDown(_ clocks: UInt64) {
    if !out, clocks >= UInt64(element) { setOut(true) }
    decrement(clocks)
  }

  /// Modes 4 and 5: OUT is low for the clock at which CE is zero, and CE goes on from the top.
  private mutating func countToStrobe(_ clocks: UInt64) {
    if isArmed, clocks >= UInt64(element) {
      isArmed = false
      setOut(false)
      if clocks > UInt64(element) { setOut(true) }
    }
    decrement(clocks)
  }

  private mutating func decrement(_ clocks: UInt64) {
    let steps = UInt32(truncatingIfNeeded: clocks % UInt64(modulus))
    element = (element + modulus - steps) % modulus
  }

  /// Mode 2: CE goes from CR to 1, where OUT is low, and starts again.
  private mutating func countPeriods(_ clocks: UInt64) {
    if clocks < UInt64(element) {
      element -= UInt32(truncatingIfNeeded: clocks)
    } else {
      let rest = (clocks - UInt64(element)) % UInt64(register)
      isCountNull = false
      // Low before the reload, high after it: once is enough, though there may have been more.
      setOut(false)
      setOut(register != 1)
      element = register - UInt32(truncatingIfNeeded: rest)
    }
    setOut(element != 1)
  }

  /// Mode 3: CE goes down by two in each half. The high half of an odd count is a clock longer than
  /// the low one, for it has a clock at zero.
  private mutating func countHalves(_ clocks: UInt64) {
    let left = UInt64(clocksLeftInHalf)
    guard clocks >= left else {
      element -= 2 * UInt32(truncatingIfNeeded: clocks)
      return
    }
    isCountNull = false
    loadHalf()
    guard register > 1 else { return setOut(true) }
    setOut(!out)
    let rest = clocks - left
    // Whole periods change nothing but that OUT has risen in them.
    if rest >= UInt64(register) { hasRisen = true }
    var restInHalf = UInt32(truncatingIfNeeded: rest % UInt64(register))
    let half = clocksLeftInHalf
    if restInHalf >= half {
      restInHalf -= half
      setOut(!out)
    }
    element -= 2 * restInHalf
  }

  private mutating func loadHalf() {
    element = register & ~1
    isOdd = register % 2 == 1
  }

  private var clocksLeftInHalf: UInt32 { element / 2 + (isOdd && out ? 1 : 0) }

  /// How many clocks until OUT rises, at least one; nil if it does not without GATE or the guest.
  var clocksToRise: UInt64? {
    let count = UInt64(register)
    switch mode {
    case .interruptOnTerminalCount:
      guard !out, gate, !isSuspended else { return nil }
      if loadsAtNextClock { return 1 + count }
      return isLoaded ? UInt64(element) : nil
    case .hardwareRetriggerableOneShot:
      if loadsAtNextClock { return 1 + count }
      return out ? nil : UInt64(element)
    case .rateGenerator:
      guard gate, isLoaded || loadsAtNextClock, count > 1 else { return nil }
      if loadsAtNextClock { return out ? 1 + count : 1 }
      return UInt64(element)
    case .squareWave:
      guard gate, isLoaded || loadsAtNextClock else { return nil }
      if loadsAtNextClock { return out ? (count > 1 ? 1 + count : nil) : 1 }
      let left = UInt64(clocksLeftInHalf)
      return out ? (count > 1 ? left + count / 2 : nil) : left
    case .softwareTriggeredStrobe, .hardwareTriggeredStrobe:
      if !out { return 1 }
      guard isCounting else { return nil }
      if loadsAtNextClock { return 1 + count + 1 }
      return isArmed ? UInt64(element) + 1 : nil
    }
  }
}
