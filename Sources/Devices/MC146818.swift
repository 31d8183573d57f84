/// Motorola's MC146818A, the real-time clock of a PC, with its battery-backed memory.
///
/// After the datasheet ("MC146818A Real-Time Clock plus RAM"), and for the century's place in memory
/// after the PC.
///
/// Nothing in here ticks. Every call says what time it is, and what has happened since the last one
/// follows from that: the time of day is the host's plus an offset, which the guest changes by
/// setting the clock, and the flags in register C tell whether a second, an alarm or a period has
/// passed. ``deadline(at:)`` is when an interrupt has to be raised though nobody calls.
///
/// - **The time of day follows the host's wall clock**, its steps included: one that steps ahead is
///   one update to the guest, which meets an alarm that lay in between; one that steps back is an
///   update, too.
/// - **The periodic interrupt counts the host's monotonic clock.** However many periods have passed
///   unseen, they are one flag, as in the chip.
/// - **UIP** is set for the last 2,228 us of a second: the 244 us that the chip announces an update
///   ahead, and the 1,984 us that it takes. The registers change when UIP falls, and may be read
///   before.
/// - **Writing the time** works with SET or with the divider in reset, as the datasheet asks for,
///   and also while the clock runs: then the other registers keep what they show. What is no date is
///   brought into range. After the divider has been in reset the first second is half a second long.
public struct MC146818: Equatable, Sendable {
  /// A moment, on the two clocks of the host that count.
  public struct Instant: Equatable, Sendable {
    /// Nanoseconds on the host's monotonic clock.
    public var monotonic: UInt64
    /// Nanoseconds since the beginning of 1970, UTC.
    public var wall: Int64

    public init(monotonic: UInt64, wall: Int64) {
      self.monotonic = monotonic
      self.wall = wall
    }
  }

  /// Memory with registers A and B, the alarm and, while the clock stands still, the time.
  var bytes: [UInt8]
  /// Register C without IRQF.
  var flags: Flags = []

  /// What is added to the host's time for the guest's: whole seconds, and nanoseconds below one.
  var secondsOffset: Int64 = 0
  var phaseOffset: Int64 = 0
  /// What is added to the day of the week, which the chip counts on its own: 0 to 6.
  var weekdayOffset: Int64 = 0
  /// The second, in the guest's time, up to which updates and alarms have been seen.
  var seenSecond: Int64 = 0

  /// When the divider was last released, on the monotonic clock.
  var dividerStart: UInt64
  /// The period up to which periodic interrupts have been seen, counted from `dividerStart`.
  var seenPeriod: UInt64 = 0

  /// Creates a chip whose clock runs with the host's time: BCD, 24 hours, no interrupts.
  ///
  /// - Parameters:
  ///   - memory: The first 128 bytes are what the memory holds, as from
  ///     ``CMOSMemory/contents(memoryBelow4GiB:memoryAbove4GiB:)``; zeros if there are less. The
  ///     clock's registers in it do not matter.
  ///   - instant: Now.
  public init(memory: [UInt8] = [], at instant: Instant) {
    bytes = Array((memory + [UInt8](repeating: 0, count: CMOSMemory.size)).prefix(CMOSMemory.size))
    for index in 0..<0x0E { bytes[index] = 0 }
    bytes[Int(Register.a)] = ControlA.initial
    bytes[Int(Register.b)] = ControlB.twentyFourHours.rawValue
    dividerStart = instant.monotonic
    seenSecond = time(at: instant).second
  }

  /// The RESET pin: disables the interrupts and clears their flags. Time and memory stay.
  public mutating func reset(at instant: Instant) {
    catchUp(to: instant)
    var control = controlB
    control.subtract(.interruptEnables)
    control.remove(.squareWaveEnable)
    bytes[Int(Register.b)] = control.rawValue
    flags = []
  }

  // MARK: Registers

  /// Reads a byte.
  ///
  /// - Parameters:
  ///   - index: Which; bit 7 is not decoded.
  ///   - instant: Now.
  public mutating func read(_ index: UInt8, at instant: Instant) -> UInt8 {
    catchUp(to: instant)
    let index = index & 0x7F
    switch index {
    case Register.a:
      return bytes[Int(index)] | (isUpdating(at: instant) ? ControlA.updateInProgress : 0)
    case Register.c:
      let value = interruptAsserted ? flags.union(.interruptRequest) : flags
      flags = []
      return value.rawValue
    case Register.d:
      return Self.validMemoryAndTime
    default:
      return isRunning && Self.isTime(index)
        ? timeByte(index, at: instant) : bytes[Int(index)]
    }
  }

  /// Writes a byte.
  ///
  /// - Parameters:
  ///   - index: Which; bit 7 is not decoded.
  ///   - value: The byte. UIP, and registers C and D, cannot be written.
  ///   - instant: Now.
  public mutating func write(_ index: UInt8, _ value: UInt8, at instant: Instant) {
    catchUp(to: instant)
    let index = index & 0x7F
    switch index {
    case Register.a:
      setControls(a: value & ~ControlA.updateInProgress, b: controlB, at: instant)
    case Register.b:
      var control = ControlB(rawValue: value)
      if control.contains(.set) { control.remove(.updateEndedInterruptEnable) }
      setControls(a: controlA, b: control, at: instant)
    case Register.c, Register.d:
      break
    default:
      if isRunning, Self.isTime(index) {
        holdTime(at: instant)
        bytes[Int(index)] = value
        releaseTime(at: instant)
      } else {
        bytes[Int(index)] = value
      }
    }
  }

  var controlA: UInt8 { bytes[Int(Register.a)] }
  var controlB: ControlB { ControlB(rawValue: bytes[Int(Register.b)]) }

  /// Whether the divider counts; else it is in reset, and so is everything behind it.
  var isCounting: Bool { controlA & ControlA.divider <= ControlA.lastCounting }

  /// Whether the time advances.
  var isRunning: Bool { isCounting && !controlB.contains(.set) }

  private mutating func setControls(a: UInt8, b: ControlB, at instant: Instant) {
    let before = (isCounting: isCounting, isRunning: isRunning)
    // Before the formats may change.
    if before.isRunning { holdTime(at: instant) }
    bytes[Int(Register.a)] = a
    bytes[Int(Register.b)] = b.rawValue
    if !before.isCounting, isCounting { restartDivider(at: instant) }
    if !before.isRunning, isRunning { releaseTime(at: instant) }
    seenPeriod = period(at: instant.monotonic) ?? 0
  }

  // MARK: Interrupts

  /// The IRQ output: a flag in register C whose enable in register B is set.
  public var interruptAsserted: Bool { !flags.isDisjoint(with: enabledFlags) }

  private var enabledFlags: Flags {
    Flags(rawValue: controlB.intersection(.interruptEnables).rawValue)
  }

  /// Sets the flags of what has happened by `instant`. All other calls do so, too.
  public mutating func catchUp(to instant: Instant) {
    if let period = period(at: instant.monotonic), period > seenPeriod {
      flags.insert(.periodic)
      seenPeriod = period
    }
    guard isRunning else { return }
    let second = time(at: instant).second
    guard second != seenSecond else { return }
    flags.insert(.updateEnded)
    // A clock that was set back has had one update, to the second that it shows.
    if let alarm = nextAlarm(after: min(seenSecond, second &- 1)), alarm <= second {
      flags.insert(.alarm)
    }
    seenSecond = second
  }

  /// When the IRQ output will go up without being accessed, on the monotonic clock; nil if never.
  ///
  /// While it is up nothing is due: a guest that does not acknowledge an interrupt costs no time.
  ///
  /// - Parameter instant: Now, which is what was last caught up to.
  public func deadline(at instant: Instant) -> UInt64? {
    guard !interruptAsserted else { return nil }
    let enabled = controlB
    var deadline: UInt64?
    if enabled.contains(.periodicInterruptEnable) {
      deadline = nextPeriodStart
    }
    guard isRunning else { return deadline }
    let (second, nanosecond) = time(at: instant)
    var dueSecond: Int64?
    if enabled.contains(.updateEndedInterruptEnable) {
      dueSecond = second &+ 1
    } else if enabled.contains(.alarmInterruptEnable) {
      dueSecond = nextAlarm(after: second)
    }
    guard let dueSecond else { return deadline }
    // At most a day ahead.
    let wait = UInt64(clamping: (dueSecond &- second) &* Self.second &- nanosecond)
    let (due, isNever) = instant.monotonic.addingReportingOverflow(wait)
    return isNever ? deadline : min(deadline ?? due, due)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants(at instant: Instant) {
    precondition(bytes.count == CMOSMemory.size)
    precondition(controlA & ControlA.updateInProgress == 0, "UIP is stored")
    precondition(bytes[Int(Register.c)] == 0 && bytes[Int(Register.d)] == 0)
    precondition((0..<Self.second).contains(phaseOffset))
    precondition((0..<7).contains(weekdayOffset))
    precondition(flags.isSubset(of: [.periodic, .alarm, .updateEnded]))
    precondition(controlB.isDisjoint(with: .updateEndedInterruptEnable) || !controlB.contains(.set))
    precondition(!interruptAsserted || deadline(at: instant) == nil)
    precondition(deadline(at: instant).map { $0 > instant.monotonic } ?? true, "due, and not done")
  }
}
