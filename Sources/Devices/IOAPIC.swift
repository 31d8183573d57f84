import Synchronization

/// An I/O APIC (82093AA) in front of local APICs that somebody else has: on a machine with a split
/// interrupt controller the kernel.
///
/// It lies at ``address`` and is accessed with 32-bit loads and stores; others read as 0 and do
/// nothing.
public final class IOAPIC: MMIODevice {
  /// Where a PC has its first I/O APIC.
  public static let address: UInt64 = 0xFEC0_0000
  /// Bytes that it claims.
  public static let size: UInt64 = 0x1000

  private let registers = Mutex(IOAPICRegisters())
  private let send: @Sendable (InterruptMessage) -> Void
  private let entriesChanged: @Sendable ([IOAPICRegisters.Entry]) -> Void

  /// - Parameters:
  ///   - send: Sends an interrupt message. Called under the device's lock, so that messages keep their
  ///     order; must not call the device back.
  ///   - entriesChanged: Tells that a level-triggered entry has changed. Whoever reports the end of
  ///     such interrupts must know their vectors. Called like `send`.
  public init(
    send: @escaping @Sendable (InterruptMessage) -> Void,
    entriesChanged: @escaping @Sendable ([IOAPICRegisters.Entry]) -> Void = { _ in }
  ) {
    self.send = send
    self.entriesChanged = entriesChanged
  }

  public func read(offset: UInt64, size: Int) -> UInt64 {
    guard size == 4 else { return 0 }
    return registers.withLock { UInt64($0.read(offset: offset)) }
  }

  public func write(offset: UInt64, size: Int, value: UInt64) {
    guard size == 4 else { return }
    registers.withLock { registers in
      let former = registers.entries
      let pins = registers.write(offset: offset, UInt32(truncatingIfNeeded: value))
      if Self.levelMessages(former) != Self.levelMessages(registers.entries) {
        entriesChanged(registers.entries)
      }
      deliver(pins, registers)
    }
  }

  /// The wire to input `pin`; to nowhere if there is no such input.
  public func line(_ pin: Int) -> any InterruptLine { Input(ioapic: self, pin: pin) }

  /// A local APIC has ended the level-triggered interrupt `vector`.
  public func endOfInterrupt(vector: UInt8) {
    registers.withLock { registers in
      deliver(registers.endOfInterrupt(vector: vector), registers)
    }
  }

  /// The state after power-on, but for the inputs.
  public func reset() {
    registers.withLock { $0.reset() }
  }

  fileprivate func setInput(_ pin: Int, asserted: Bool) {
    registers.withLock { registers in
      deliver(registers.setInput(pin, asserted: asserted), registers)
    }
  }

  private func deliver(_ pins: UInt32, _ registers: IOAPICRegisters) {
    var pins = pins
    while pins != 0 {
      send(registers.entries[pins.trailingZeroBitCount].message)
      pins &= pins &- 1
    }
  }

  /// The messages of the entries whose end somebody must report.
  private static func levelMessages(
    _ entries: [IOAPICRegisters.Entry]
  ) -> [InterruptMessage?] {
    entries.map { $0.isLevelTriggered && !$0.isMasked ? $0.message : nil }
  }
}

private struct Input: InterruptLine {
  let ioapic: IOAPIC
  let pin: Int

  func set(_ asserted: Bool) { ioapic.setInput(pin, asserted: asserted) }
}
