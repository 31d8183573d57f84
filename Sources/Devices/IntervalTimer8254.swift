import Synchronization

/// A PC's timer: a ``PIT8254`` at ports 0x40 to 0x43 with OUT of counter 0 on an interrupt line, and
/// port 0x61, which gates counter 2 and shows its OUT.
///
/// **Time** is the ``DeviceClock``'s, as clocks of 1193182 Hz since the timer was made. Every access
/// brings the counters up to date first, so what a guest reads is exact at any time.
///
/// **Interrupts.** The line rises with each rising edge of OUT 0. It does not fall with OUT, but
/// just before it rises again, or when the guest itself makes OUT low (a control word or count in
/// mode 0): where a guest's thread runs late, the second half of a square wave must not take back
/// an interrupt that the guest had no chance to see.
///
/// Ticks that passed while the machine's thread was late, or the machine paused, become a
/// single edge: an 8259 would not have kept more than one either for a CPU that did not take it. They
/// are not delivered later one by one; a guest whose virtual CPU did not run for a while has lost
/// ticks, as on a real machine that was in system management mode, and should read a clock.
///
/// Edges that the guest has asked for at less than ``minimumInterval`` are delivered at that
/// interval, so that the timer costs the host a bounded part of a CPU. The counters are not
/// affected.
///
/// **Threads.** Everything may be called from any thread. The line is set under the timer's lock,
/// `deadlineChanged` is called without it.
public final class IntervalTimer8254: PortIODevice, TimedDevice {
  private struct State {
    var pit = PIT8254()
    var control: SystemControlPortB = []
    var isAsserted = false
    /// The time of the last edge on the line.
    var lastEdge: UInt64?

    init() { pit.setGate(of: 2, false) }
  }

  /// The ports: the 8254's registers, and system control port B.
  public static let ports: [ClosedRange<UInt16>] = [0x40...0x43, 0x61...0x61]

  /// The least time between two deadlines in nanoseconds: 10,000 interrupts a second.
  public static let minimumInterval: UInt64 = 100_000

  private let clock: DeviceClock
  private let interrupt: any InterruptLine
  private let start: UInt64
  private let state = Mutex(State())

  /// Creates a timer that the guest has yet to program; it does not tick.
  ///
  /// - Parameters:
  ///   - clock: The time, and whom to tell that ``deadline`` has become earlier.
  ///   - interrupt: IRQ 0.
  public init(clock: DeviceClock, interrupt: any InterruptLine) {
    self.clock = clock
    self.interrupt = interrupt
    start = clock.now()
  }

  // MARK: Time

  /// When OUT 0 rises next, or as much later as ``minimumInterval`` demands; nil if it does not
  /// without the guest.
  public var deadline: UInt64? { state.withLock { deadline($0) } }

  /// Brings the timer up to date, which raises the line if OUT 0 has risen. A time before that of
  /// the last call or access counts as that.
  public func advance(to now: UInt64) {
    state.withLock { state in catchUp(&state, now) }
  }

  private func deadline(_ state: borrowing State) -> UInt64? {
    guard let clocks = state.pit.nextRise(of: 0),
      let elapsed = PIT8254Clock.nanoseconds(forClocks: clocks)
    else { return nil }
    let (edge, overflow) = start.addingReportingOverflow(elapsed)
    if overflow { return nil }
    guard let lastEdge = state.lastEdge else { return edge }
    let (earliest, isNever) = lastEdge.addingReportingOverflow(Self.minimumInterval)
    return isNever ? nil : max(edge, earliest)
  }

  private func catchUp(_ state: inout State, _ now: UInt64) {
    let elapsed = now > start ? now - start : 0
    state.pit.advance(to: PIT8254Clock.clocks(inNanoseconds: elapsed))
    driveInterrupt(&state, now)
  }

  private func driveInterrupt(_ state: inout State, _ now: UInt64) {
    if state.pit.takeRise(of: 0) {
      if state.isAsserted { interrupt.set(false) }
      state.isAsserted = true
      state.lastEdge = now
      interrupt.set(true)
    }
    let counter = state.pit[0]
    // In mode 0 only the guest makes OUT low.
    if state.isAsserted, counter.mode == .interruptOnTerminalCount, !counter.out {
      state.isAsserted = false
      interrupt.set(false)
    }
  }

  // MARK: The guest's side

  /// Reads registers; wide accesses read consecutive ones, and 0xFF past the last.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { readRegister(at: $0) }
  }

  /// Writes registers; wide accesses write consecutive ones, and nothing past the last.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { writeRegister(at: $0, $1) }
  }

  private func readRegister(at port: UInt16) -> UInt8 {
    guard 0x40...0x43 ~= port || port == 0x61 else { return 0xFF }
    let now = clock.now()
    return state.withLock { state in
      catchUp(&state, now)
      if port == 0x61 { return controlPort(state).rawValue }
      return state.pit.read(UInt8(truncatingIfNeeded: port & 3))
    }
  }

  private func controlPort(_ state: borrowing State) -> SystemControlPortB {
    var value = state.control
    let refreshes = state.pit.clock / SystemControlPortB.clocksPerRefresh
    if refreshes & 1 != 0 { value.insert(.refreshToggle) }
    if state.pit[2].out { value.insert(.timer2Out) }
    return value
  }

  private func writeRegister(at port: UInt16, _ value: UInt8) {
    guard 0x40...0x43 ~= port || port == 0x61 else { return }
    let now = clock.now()
    let isEarlier = state.withLock { state in
      catchUp(&state, now)
      let before = deadline(state)
      if port == 0x61 {
        state.control = SystemControlPortB(rawValue: value).intersection(.writable)
        state.pit.setGate(of: 2, state.control.contains(.timer2Gate))
      } else {
        state.pit.write(UInt8(truncatingIfNeeded: port & 3), value)
        driveInterrupt(&state, now)
      }
      guard let after = deadline(state) else { return false }
      return before.map { after < $0 } ?? true
    }
    if isEarlier { clock.deadlineChanged() }
  }

  // MARK: Both

  /// Back to a timer that the guest has yet to program, with its line low.
  public func reset() {
    state.withLock { state in
      if state.isAsserted { interrupt.set(false) }
      let clock = state.pit.clock
      state = State()
      state.pit.advance(to: clock)
    }
  }

  /// The chip as it was at the last access or ``advance(to:)``.
  public var pit: PIT8254 { state.withLock { $0.pit } }

  /// Whether the guest connects OUT of counter 2 to the speaker: port 0x61, bit 1.
  public var isSpeakerConnected: Bool { state.withLock { $0.control.contains(.speakerData) } }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    state.withLock { state in
      state.pit._checkInvariants()
      precondition(!state.pit[0].hasRisen, "an edge that was not delivered")
      precondition(state.pit[2].gate == state.control.contains(.timer2Gate), "stale gate")
      precondition(!state.pit[0].out || state.isAsserted, "a missing request")
    }
  }
}
