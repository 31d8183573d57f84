import Synchronization

/// The ACPI power management of a PC: power-off, the power management timer, and the switch from
/// legacy to ACPI mode.
///
/// The registers are ``ACPIRegisters``; the FADT tells where they are. The ports are QEMU's, so that
/// a guest that writes 0x2000 to port 0x604 without looking powers off, too. Writing another SLP_TYP
/// with SLP_EN does nothing: the machine has no other sleep state.
public final class ACPIPowerManagement: PortIODevice, TimedDevice {
  private struct State {
    var registers = ACPIRegisters()
    var interruptAsserted = false
  }

  /// PM1a_EVT_BLK: 0x600 to 0x603.
  public static let eventPort: UInt16 = 0x600 + ACPIRegisters.Offset.event
  /// PM1a_CNT_BLK: 0x604 and 0x605.
  public static let controlPort: UInt16 = 0x600 + ACPIRegisters.Offset.control
  /// PM_TMR_BLK: 0x608 to 0x60B, a counter of 32 bits.
  public static let timerPort: UInt16 = 0x600 + ACPIRegisters.Offset.timer
  /// SMI_CMD, followed by a scratch register.
  public static let commandPort: UInt16 = 0xB2
  /// The ISA interrupt of the system control interrupt; level-triggered, active high.
  public static let interrupt: UInt8 = 9

  /// The ports that the device decodes.
  public static let ports: [ClosedRange<UInt16>] = [block, commandPort...commandPort + 1]
  private static let block = eventPort...eventPort + ACPIRegisters.Offset.last

  private let state = Mutex(State())
  private let clock: DeviceClock
  private let start: UInt64
  private let interrupt: any InterruptLine
  private let onPowerOff: @Sendable () -> Void

  /// Creates the device in legacy mode, its timer at 0.
  ///
  /// - Parameters:
  ///   - clock: What the timer counts by.
  ///   - interrupt: The system control interrupt: ``interrupt``.
  ///   - onPowerOff: Called when the guest switches the machine off, on the thread of the virtual CPU
  ///     that did and each time that one does; it must not block.
  public init(
    clock: DeviceClock, interrupt: any InterruptLine, onPowerOff: @escaping @Sendable () -> Void
  ) {
    self.clock = clock
    self.interrupt = interrupt
    self.onPowerOff = onPowerOff
    start = clock.now()
  }

  /// Back to legacy mode with nothing enabled; the timer runs on.
  public func reset() {
    state.withLock { state in
      state.registers.reset()
      drive(&state)
    }
  }

  // MARK: Time

  public var deadline: UInt64? {
    state.withLock { $0.registers.interruptTick }.flatMap(time(ofTick:))
  }

  public func advance(to now: UInt64) {
    state.withLock { state in
      state.registers.advance(to: tick(at: now))
      drive(&state)
    }
  }

  /// Ticks of the timer from the device's creation to `now`.
  private func tick(at now: UInt64) -> UInt64 {
    guard now > start else { return 0 }
    // The high word is less than the frequency and that less than the divisor: the quotient fits.
    let product = (now - start).multipliedFullWidth(by: ACPIRegisters.timerFrequency)
    return Self.nanosecondsPerSecond.dividingFullWidth(product).quotient
  }

  /// The first nanosecond at which the timer has counted `tick`; nil if that is beyond the clock.
  private func time(ofTick tick: UInt64) -> UInt64? {
    let product = tick.multipliedFullWidth(by: Self.nanosecondsPerSecond)
    guard product.high < ACPIRegisters.timerFrequency else { return nil }
    let (whole, rest) = ACPIRegisters.timerFrequency.dividingFullWidth(product)
    let (time, overflow) = start.addingReportingOverflow(whole)
    guard !overflow, time < .max else { return nil }
    return rest == 0 ? time : time + 1
  }

  private static let nanosecondsPerSecond: UInt64 = 1_000_000_000

  // MARK: The guest's side

  /// Reads registers; wide accesses read consecutive ones, all at one moment.
  public func read(port: UInt16, size: Int) -> UInt32 {
    state.withLock { state in
      state.registers.advance(to: tick(at: clock.now()))
      drive(&state)
      return ISACycle.read(port: port, size: size) { port in
        switch port {
        case Self.commandPort: state.registers.readCommand()
        case Self.commandPort + 1: state.registers.scratch
        case Self.block: state.registers.read(port &- Self.eventPort)
        default: 0xFF
        }
      }
    }
  }

  /// Writes registers; wide accesses write consecutive ones.
  public func write(port: UInt16, size: Int, value: UInt32) {
    let (isPowerOff, isDeadlineMoved) = state.withLock { state in
      state.registers.advance(to: tick(at: clock.now()))
      let deadline = state.registers.interruptTick
      var isPowerOff = false
      ISACycle.write(port: port, size: size, value: value) { port, byte in
        switch port {
        case Self.commandPort: state.registers.writeCommand(byte)
        case Self.commandPort + 1: state.registers.scratch = byte
        case Self.block:
          isPowerOff = state.registers.write(port &- Self.eventPort, byte) || isPowerOff
        default: break
        }
      }
      drive(&state)
      return (isPowerOff, state.registers.interruptTick != deadline)
    }
    if isDeadlineMoved { clock.deadlineChanged() }
    if isPowerOff { onPowerOff() }
  }

  private func drive(_ state: inout State) {
    let asserted = state.registers.isInterruptRequested
    guard asserted != state.interruptAsserted else { return }
    state.interruptAsserted = asserted
    interrupt.set(asserted)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    state.withLock { state in
      state.registers._checkInvariants()
      precondition(state.interruptAsserted == state.registers.isInterruptRequested)
    }
  }
}
