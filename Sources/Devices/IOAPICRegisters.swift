/// The registers of a 82093AA I/O APIC, version 0x20: 24 inputs, each with a redirection table entry.
///
/// Pure: what is to be sent is returned, and ``IOAPIC`` sends it. Source: Intel, 82093AA I/O Advanced
/// Programmable Interrupt Controller datasheet, section 3; the EOI register is that of version 0x20.
public struct IOAPICRegisters: Sendable {
  /// Inputs, INTIN0 to INTIN23.
  public static let pinCount = 24
  /// With an EOI register.
  public static let version: UInt8 = 0x20

  /// A redirection table entry (IOREDTBL).
  public struct Entry: Equatable, Sendable {
    /// As the guest reads it, delivery status and remote IRR included.
    public internal(set) var rawValue: UInt64 = mask

    static let mask: UInt64 = 1 << 16
    static let levelTriggered: UInt64 = 1 << 15
    static let remoteIRR: UInt64 = 1 << 14
    static let activeLow: UInt64 = 1 << 13
    static let deliveryStatus: UInt64 = 1 << 12
    static let logicalDestination: UInt64 = 1 << 11

    public var vector: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
    public var isMasked: Bool { rawValue & Self.mask != 0 }
    public var isLevelTriggered: Bool { rawValue & Self.levelTriggered != 0 }
    /// A local APIC has accepted the interrupt and not yet ended it; level-triggered only.
    public var isInService: Bool { rawValue & Self.remoteIRR != 0 }

    /// The message that tells the local APICs (Intel SDM volume 3, "Message Signalled Interrupts").
    public var message: InterruptMessage {
      let destination = rawValue >> 56
      let isLogical = rawValue & Self.logicalDestination != 0
      let deliveryMode = UInt32(truncatingIfNeeded: rawValue >> 8 & 7)
      return InterruptMessage(
        address: 0xFEE0_0000 | destination << 12 | (isLogical ? 1 << 2 : 0),
        data: UInt32(vector) | deliveryMode << 8
          | (isLevelTriggered ? 1 << 15 | 1 << 14 : 0))
    }
  }

  /// IOREDTBL.
  public private(set) var entries = [Entry](repeating: Entry(), count: pinCount)
  private var id: UInt32 = 0
  private var selected: UInt8 = 0
  /// The levels of the inputs as they are driven: high is asserted. Nothing on this machine drives
  /// an input low to assert it, so the polarity bit is kept and not interpreted.
  private var asserted: UInt32 = 0

  public init() {}

  /// The state after power-on, but for the levels of the inputs, which others drive.
  public mutating func reset() {
    let asserted = asserted
    self = IOAPICRegisters()
    self.asserted = asserted
  }

  // MARK: - Registers

  private static let identification: UInt8 = 0x00
  private static let versionRegister: UInt8 = 0x01
  private static let arbitration: UInt8 = 0x02
  private static let redirectionTable: UInt8 = 0x10

  /// Loads 32 bits from IOREGSEL (offset 0) or IOWIN (0x10); 0 elsewhere.
  public func read(offset: UInt64) -> UInt32 {
    switch offset {
    case 0x00: UInt32(selected)
    case 0x10: readSelected()
    default: 0
    }
  }

  /// Stores 32 bits to IOREGSEL (offset 0), IOWIN (0x10) or the EOI register (0x40).
  ///
  /// - Returns: The pins that are to be delivered now, one bit each.
  public mutating func write(offset: UInt64, _ value: UInt32) -> UInt32 {
    switch offset {
    case 0x00: selected = UInt8(truncatingIfNeeded: value)
    case 0x10: return writeSelected(value)
    case 0x40: return endOfInterrupt(vector: UInt8(truncatingIfNeeded: value))
    default: break
    }
    return 0
  }

  private func readSelected() -> UInt32 {
    switch selected {
    case Self.identification, Self.arbitration: return id
    case Self.versionRegister: return UInt32(Self.pinCount - 1) << 16 | UInt32(Self.version)
    default:
      guard let (pin, isHigh) = selectedEntry else { return 0 }
      return UInt32(truncatingIfNeeded: entries[pin].rawValue >> (isHigh ? 32 : 0))
    }
  }

  private mutating func writeSelected(_ value: UInt32) -> UInt32 {
    if selected == Self.identification { id = value & 0x0F00_0000 }
    guard let (pin, isHigh) = selectedEntry else { return 0 }
    let former = entries[pin].rawValue
    let readOnly = Entry.remoteIRR | Entry.deliveryStatus
    if isHigh {
      entries[pin].rawValue = former & 0xFFFF_FFFF | UInt64(value & 0xFF00_0000) << 32
      return 0
    }
    let written = UInt64(value & 0x1_FFFF) & ~readOnly
    entries[pin].rawValue = former & ~0x1_FFFF | written | former & readOnly
    // An edge-triggered entry has no remote IRR; a driver that switches to edge and back relies on
    // that to get rid of one.
    if !entries[pin].isLevelTriggered { entries[pin].rawValue &= ~Entry.remoteIRR }
    return deliverIfLevel(pin)
  }

  private var selectedEntry: (pin: Int, isHigh: Bool)? {
    guard selected >= Self.redirectionTable else { return nil }
    let index = Int(selected - Self.redirectionTable)
    return index / 2 < Self.pinCount ? (index / 2, index % 2 == 1) : nil
  }

  // MARK: - Interrupts

  /// Drives input `pin`.
  ///
  /// - Returns: The pins that are to be delivered now, one bit each.
  public mutating func setInput(_ pin: Int, asserted isAsserted: Bool) -> UInt32 {
    guard (0..<Self.pinCount).contains(pin) else { return 0 }
    let bit = UInt32(1) << UInt32(pin)
    let wasAsserted = asserted & bit != 0
    asserted = isAsserted ? asserted | bit : asserted & ~bit
    guard isAsserted else { return 0 }
    if entries[pin].isLevelTriggered { return deliverIfLevel(pin) }
    // An edge that comes while the entry is masked is lost, as on the chip.
    return wasAsserted || entries[pin].isMasked ? 0 : bit
  }

  /// A local APIC has ended the level-triggered interrupt `vector`.
  ///
  /// - Returns: The pins that are to be delivered now, one bit each: those still asserted.
  public mutating func endOfInterrupt(vector: UInt8) -> UInt32 {
    var pins: UInt32 = 0
    for pin in entries.indices
    where entries[pin].isInService && entries[pin].vector == vector {
      entries[pin].rawValue &= ~Entry.remoteIRR
      pins |= deliverIfLevel(pin)
    }
    return pins
  }

  private mutating func deliverIfLevel(_ pin: Int) -> UInt32 {
    let bit = UInt32(1) << UInt32(pin)
    guard entries[pin].isLevelTriggered, asserted & bit != 0,
      !entries[pin].isMasked, !entries[pin].isInService
    else { return 0 }
    entries[pin].rawValue |= Entry.remoteIRR
    return bit
  }
}

/// What a message-signalled interrupt writes, and where (Intel SDM volume 3, "Message Signalled
/// Interrupts").
public struct InterruptMessage: Equatable, Sendable {
  public let address: UInt64
  public let data: UInt32

  public init(address: UInt64, data: UInt32) {
    self.address = address
    self.data = data
  }
}
