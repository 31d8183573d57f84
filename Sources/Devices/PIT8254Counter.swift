extension PIT8254 {
  /// One of the three counters: what the guest programs and reads. `PIT8254Counting.swift` has what
  /// the clock does.
  public struct Counter: Equatable, Sendable {
    /// The control word's bits 0 to 5 as written: BCD, mode, access.
    private var format = Access.lowThenHigh.rawValue << 4
    /// What the counter does.
    public private(set) var mode = Mode.interruptOnTerminalCount
    private var access = Access.lowThenHigh
    /// How many values the counting element has: 65536, or 10000 if it counts in BCD.
    private(set) var modulus: UInt32 = 0x1_0000

    /// CR, the count register: 1 to `modulus`.
    private(set) var register: UInt32 = 0x1_0000
    /// Whether CR has been written since the control word.
    private(set) var hasCount = false
    /// CE, the counting element: 0 to `modulus`, which both read as 0.
    var element: UInt32 = 0
    /// Status bit 6: CR holds a count that CE has not loaded yet.
    var isCountNull = true

    /// The output pin.
    public internal(set) var out = false
    /// The input pin.
    public private(set) var gate = true
    /// Whether OUT has risen since the owner has asked last.
    var hasRisen = false

    /// CE loads CR at the next clock.
    var loadsAtNextClock = false
    /// CE has been loaded since the control word, and counts.
    var isLoaded = false
    /// Mode 0: the first byte of a count was written, and "disables counting".
    private(set) var isSuspended = false
    /// Modes 4 and 5: the strobe is yet to come.
    var isArmed = false
    /// Mode 3: the count of this half of the period is odd.
    var isOdd = false

    /// The low byte of a count whose high byte is yet to be written.
    private var lowByte: UInt8?
    private var readsHighByte = false
    private var latchedCount: UInt16?
    private var latchReadsHighByte = false
    private var latchedStatus: UInt8?

    init() {}

    // MARK: Writing

    /// Takes a control word, which resets the counter.
    mutating func program(_ format: UInt8) {
      guard let access = Access(rawValue: format >> 4 & 3) else { return }
      self.format = format
      self.access = access
      mode = Mode(bits: format >> 1)
      modulus = format & 1 == 0 ? 0x1_0000 : 10_000
      // CE stays and is read so, as far as BCD can show it.
      element %= modulus
      register = modulus
      hasCount = false
      isCountNull = true
      loadsAtNextClock = false
      isLoaded = false
      isSuspended = false
      isArmed = false
      isOdd = false
      lowByte = nil
      readsHighByte = false
      latchedCount = nil
      latchReadsHighByte = false
      latchedStatus = nil
      setOut(mode != .interruptOnTerminalCount)
    }

    /// Takes a byte of a count.
    mutating func write(_ value: UInt8) {
      switch access {
      case .low: writeCount(UInt16(value))
      case .high: writeCount(UInt16(value) << 8)
      case .lowThenHigh:
        if let low = lowByte {
          lowByte = nil
          writeCount(UInt16(value) << 8 | UInt16(low))
        } else {
          lowByte = value
          if mode == .interruptOnTerminalCount { suspend() }
        }
      }
    }

    private mutating func writeCount(_ value: UInt16) {
      let count = isBCD ? Self.number(bcd: value) : UInt32(value)
      register = count == 0 ? modulus : count
      hasCount = true
      isCountNull = true
      switch mode {
      case .interruptOnTerminalCount:
        isSuspended = false
        loadsAtNextClock = true
        setOut(false)
      case .softwareTriggeredStrobe:
        loadsAtNextClock = true
      case .rateGenerator, .squareWave:
        // Later counts wait for the end of the period, or the half.
        if !isLoaded { loadsAtNextClock = true }
      case .hardwareRetriggerableOneShot, .hardwareTriggeredStrobe:
        break
      }
    }

    /// "Writing the first byte disables counting. OUT is set low immediately."
    private mutating func suspend() {
      isSuspended = true
      loadsAtNextClock = false
      setOut(false)
    }

    // MARK: The pins

    mutating func setGate(_ isHigh: Bool) {
      guard isHigh != gate else { return }
      gate = isHigh
      if isHigh {
        if (mode.isHardwareTriggered || mode.isPeriodic) && hasCount { loadsAtNextClock = true }
      } else if mode.isPeriodic {
        setOut(true)
      }
    }

    mutating func setOut(_ isHigh: Bool) {
      if isHigh && !out { hasRisen = true }
      out = isHigh
    }

    // MARK: Reading

    /// The next byte: of the latched status, else of the latched count, else of CE as it is.
    mutating func read() -> UInt8 {
      if let status = latchedStatus {
        latchedStatus = nil
        return status
      }
      if let count = latchedCount {
        let isHigh = latchReadsHighByte || access == .high
        let isLast = isHigh || access == .low
        latchReadsHighByte = !isLast
        if isLast { latchedCount = nil }
        return UInt8(truncatingIfNeeded: isHigh ? count >> 8 : count)
      }
      let isHigh = access == .high || readsHighByte
      if access == .lowThenHigh { readsHighByte.toggle() }
      return UInt8(truncatingIfNeeded: isHigh ? value >> 8 : value)
    }

    /// Latches the count until it has been read; ignored while one is latched.
    mutating func latchCount() {
      if latchedCount == nil { latchedCount = value }
    }

    /// Latches the status until it has been read; ignored while one is latched.
    mutating func latchStatus() {
      if latchedStatus == nil { latchedStatus = status }
    }

    /// CE as it is read, in binary or BCD.
    var value: UInt16 {
      let number = element % modulus
      return isBCD ? Self.bcd(number) : UInt16(truncatingIfNeeded: number)
    }

    /// OUT, null count, and the format as it was written.
    private var status: UInt8 { (out ? 0x80 : 0) | (isCountNull ? 0x40 : 0) | format }

    // MARK: BCD

    private var isBCD: Bool { format & 1 != 0 }

    private static func number(bcd value: UInt16) -> UInt32 {
      let value = UInt32(value)
      let digits = (value >> 12, value >> 8 & 0xF, value >> 4 & 0xF, value & 0xF)
      return (1000 * digits.0 + 100 * digits.1 + 10 * digits.2 + digits.3) % 10_000
    }

    private static func bcd(_ number: UInt32) -> UInt16 {
      let digits = (number / 1000, number / 100 % 10, number / 10 % 10, number % 10)
      return UInt16(
        truncatingIfNeeded: digits.0 << 12 | digits.1 << 8 | digits.2 << 4 | digits.3)
    }

    /// Traps if the state is inconsistent; for tests.
    func _checkInvariants() {
      precondition((1...modulus).contains(register) && element <= modulus)
      precondition(!loadsAtNextClock && !isLoaded || hasCount, "counts nothing")
      precondition(!isSuspended || mode == .interruptOnTerminalCount)
      precondition(lowByte == nil || access == .lowThenHigh)
      precondition(!latchReadsHighByte || latchedCount != nil && access == .lowThenHigh)
      precondition(!isArmed || mode.isStrobe && isLoaded && out, "armed for nothing")
      precondition(gate || !mode.isPeriodic || out, "OUT low without GATE")
      if isLoaded, !loadsAtNextClock, mode == .rateGenerator { precondition(element >= 1) }
      if mode == .squareWave { precondition(!isLoaded || element % 2 == 0, "an odd half") }
      precondition(!isLoaded || clocksToRise.map { $0 > 0 } ?? true, "a rise in the past")
    }
  }
}
