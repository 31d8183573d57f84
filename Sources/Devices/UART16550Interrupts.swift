/// Interrupt priorities and identification.
extension UART16550 {
  /// The source of the highest priority whose condition holds and which IER enables.
  public var pendingInterrupt: Interrupt? {
    if interruptEnable.contains(.lineStatus), !lineErrors.isEmpty { return .lineStatus }
    if interruptEnable.contains(.receivedData) {
      if receiver.count >= triggerLevel { return .receivedData }
      if timeoutPending { return .characterTimeout }
    }
    if interruptEnable.contains(.transmitterEmpty), transmitterEmptyPending {
      return .transmitterEmpty
    }
    if interruptEnable.contains(.modemStatus), !modemDeltas.isEmpty { return .modemStatus }
    return nil
  }

  /// The interrupt request as it reaches a PC's interrupt controller: only while OUT2 is set.
  ///
  /// OUT2 counts as written, also in loopback. A real chip forces the pin inactive then, though the
  /// datasheet promises that interrupts are "fully operational", which guests that test themselves
  /// rely on; Bochs and 86Box decide likewise.
  public var interruptAsserted: Bool {
    modemControl.contains(.out2) && pendingInterrupt != nil
  }

  /// IIR: bits 6 and 7 tell a driver that there are working FIFOs; bit 0 is low when a source is
  /// pending.
  func identification(of pending: Interrupt?) -> UInt8 {
    (pending?.rawValue ?? 0x01) | (fifosEnabled ? 0xC0 : 0x00)
  }

  mutating func writeInterruptEnable(_ value: InterruptEnable) {
    let wasEnabled = interruptEnable.contains(.transmitterEmpty)
    interruptEnable = value.intersection(.implemented)
    if !interruptEnable.contains(.transmitterEmpty) {
      transmitterEmptyPending = false
    } else if !wasEnabled && transmitter.isEmpty {
      // Enabling the THRE interrupt while the transmitter is empty raises it, even if reading IIR
      // had cleared it before. Not in the datasheet, but drivers start transmitting this way, and
      // probe for it (Linux calls a chip without it UART_BUG_TXEN).
      transmitterEmptyPending = true
    }
  }

  /// The transmitter has become empty.
  mutating func latchTransmitterEmpty() {
    transmitterEmptyPending = interruptEnable.contains(.transmitterEmpty)
  }
}
