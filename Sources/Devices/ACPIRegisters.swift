/// ACPI fixed hardware: the registers behind PM1a_EVT, PM1a_CNT, PM_TMR and SMI_CMD.
///
/// Pure: time comes in as ticks of the power management timer, and what follows is returned. Source:
/// ACPI specification 6.4, section 4.8.3. Of the fixed features the machine has the timer alone, no
/// buttons and no wake-up by the clock; the FADT says so.
public struct ACPIRegisters: Sendable, Equatable {
  /// Offsets from the first of the registers' ports.
  public enum Offset {
    /// PM1_STS and, from offset 2, PM1_EN: 16 bits each.
    public static let event: UInt16 = 0
    /// PM1_CNT, 16 bits.
    public static let control: UInt16 = 4
    /// PM_TMR, 32 bits.
    public static let timer: UInt16 = 8
    /// The last one.
    public static let last: UInt16 = 11
  }

  /// Ticks a second of the power management timer.
  public static let timerFrequency: UInt64 = 3_579_545

  /// Bits of PM1_STS and PM1_EN.
  private enum Event {
    static let timer: UInt16 = 1 << 0
    /// The release of the global lock. Firmware that runs beside the system would raise it; this
    /// machine's does not, but drivers expect to be able to enable it.
    static let globalLock: UInt16 = 1 << 5
    /// The clock's alarm, which is no fixed event here and never comes. Linux's driver of the clock
    /// enables it all the same, and complains where that does not hold.
    static let realTimeClock: UInt16 = 1 << 10
    static let enableable = timer | globalLock | realTimeClock
  }

  /// Bits of PM1_CNT.
  private enum Control {
    /// SCI_EN: the system, not the firmware, serves the events. Only ``writeCommand(_:)`` changes
    /// it.
    static let sciEnable: UInt16 = 1 << 0
    static let busMasterReload: UInt16 = 1 << 1
    static let sleepType: UInt16 = 7 << 10
    /// SLP_EN: enters the state in SLP_TYP; write-only.
    static let sleepEnable: UInt16 = 1 << 13
  }

  /// What the guest writes to SMI_CMD to have SCI_EN set (ACPI_ENABLE in the FADT).
  public static let acpiEnable: UInt8 = 2
  /// What the guest writes to SMI_CMD to have SCI_EN cleared (ACPI_DISABLE).
  public static let acpiDisable: UInt8 = 3
  /// SLP_TYP of S5, soft off, in the `\_S5` package. As with QEMU, so that its guests' 0x2000 to
  /// port 0x604 powers off.
  public static let softOffSleepType: UInt8 = 0

  private var status: UInt16 = 0
  private var enable: UInt16 = 0
  private var control: UInt16 = 0
  private var command: UInt8 = 0
  /// The byte after SMI_CMD, which chipsets keep as a scratch register (APM_STS).
  public var scratch: UInt8 = 0
  /// The timer, with more bits than the guest sees.
  private var ticks: UInt64 = 0

  public init() {}

  /// The state after power-on, but for the timer, which runs on.
  public mutating func reset() {
    let ticks = ticks
    self = ACPIRegisters()
    self.ticks = ticks
  }

  /// Whether the system control interrupt is requested; a level.
  public var isInterruptRequested: Bool {
    control & Control.sciEnable != 0 && status & enable != 0
  }

  // MARK: Time

  /// Lets the timer reach `ticks`; it never goes back. TMR_STS is set when its highest bit changes.
  public mutating func advance(to ticks: UInt64) {
    guard ticks > self.ticks else { return }
    if ticks >> 31 != self.ticks >> 31 { status |= Event.timer }
    self.ticks = ticks
  }

  /// The tick at which the timer requests the interrupt; nil if it does not, or does already.
  public var interruptTick: UInt64? {
    guard control & Control.sciEnable != 0, enable & Event.timer != 0, status & Event.timer == 0
    else { return nil }
    return ((ticks >> 31) &+ 1) << 31
  }

  // MARK: The guest's side

  /// Reads the byte at `offset`; 0 where there is no register.
  public func read(_ offset: UInt16) -> UInt8 {
    switch offset {
    case 0...1: Self.byte(offset, of: UInt64(status))
    case 2...3: Self.byte(offset &- 2, of: UInt64(enable))
    case 4...5: Self.byte(offset &- 4, of: UInt64(control))
    case 8...11: Self.byte(offset &- 8, of: ticks)
    default: 0
    }
  }

  /// Writes the byte at `offset`. Returns whether it switches the machine off.
  public mutating func write(_ offset: UInt16, _ value: UInt8) -> Bool {
    switch offset {
    case 0...1:
      status &= ~Self.lane(offset, value)
    case 2...3:
      let kept = enable & ~Self.lane(offset &- 2, .max)
      enable = (kept | Self.lane(offset &- 2, value)) & Event.enableable
    case 4...5:
      return writeControl(Self.lane(offset &- 4, value), lanes: Self.lane(offset &- 4, .max))
    default:
      break
    }
    return false
  }

  private mutating func writeControl(_ value: UInt16, lanes: UInt16) -> Bool {
    let writable = (Control.busMasterReload | Control.sleepType) & lanes
    control = control & ~writable | value & writable
    // Without an object that names them, the other sleep types are no states of this machine.
    return value & Control.sleepEnable != 0
      && control & Control.sleepType == UInt16(Self.softOffSleepType) << 10
  }

  /// SMI_CMD as it was written last.
  public func readCommand() -> UInt8 { command }

  /// Writes SMI_CMD: takes the events from the firmware (``acpiEnable``) or gives them back
  /// (``acpiDisable``).
  public mutating func writeCommand(_ value: UInt8) {
    command = value
    switch value {
    case Self.acpiEnable: control |= Control.sciEnable
    case Self.acpiDisable: control &= ~Control.sciEnable
    default: break
    }
  }

  private static func byte(_ index: UInt16, of value: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
  }

  /// `value` in byte `index` of a 16-bit register.
  private static func lane(_ index: UInt16, _ value: UInt8) -> UInt16 {
    UInt16(value) << (8 * index)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    precondition(status & ~Event.timer == 0)
    precondition(enable & ~Event.enableable == 0)
    precondition(control & Control.sleepEnable == 0)
    if let interruptTick { precondition(interruptTick > ticks && !isInterruptRequested) }
  }
}
