/// The receiver, the transmitter and the modem inputs: what meets the line.
extension UART16550 {
  /// How many characters ``receive(_:errors:)`` can take before it loses one: none in loopback,
  /// when the receiver is not connected to the line.
  public var receiveSpace: Int { isLoopback ? 0 : max(0, depth - receiver.count) }

  /// How many characters wait to be read by the guest.
  public var receivedCount: Int { receiver.count }

  /// How many characters make a received-data interrupt: FCR's 1, 4, 8 or 14, and 1 with FIFOs off.
  public var triggerLevel: Int {
    switch fifoControl.rawValue >> 6 {
    case 1: 4
    case 2: 8
    case 3: 14
    default: 1
    }
  }

  /// A character arrives on the line.
  ///
  /// With FIFOs on, a full FIFO drops the new character; with FIFOs off, RBR is overwritten and the
  /// old one is lost. Both set OE at once.
  ///
  /// - Parameters:
  ///   - character: The character.
  ///   - errors: What was wrong with it; only ``LineStatus/characterErrors`` count. It shows in LSR
  ///     when the character is the next to be read.
  /// - Returns: Whether nothing was lost. In loopback the line is not connected, and the character
  ///   is lost without a trace.
  @discardableResult
  public mutating func receive(_ character: UInt8, errors: LineStatus = []) -> Bool {
    if isLoopback { return false }
    return deliver(character, errors.intersection(.characterErrors))
  }

  /// The other end sends a break: one character 00 with BI enters the receiver, however long the
  /// break lasts.
  ///
  /// - Returns: As ``receive(_:errors:)``.
  @discardableResult
  public mutating func receiveBreak() -> Bool { receive(0, errors: .breakInterrupt) }

  /// The line has been idle, and the guest has not read, for four character times.
  ///
  /// With FIFOs on and a character waiting, this is the character time-out condition, which makes
  /// an interrupt out of fewer characters than the trigger level.
  public mutating func receiverIdle() {
    if fifosEnabled && !receiver.isEmpty { timeoutPending = true }
  }

  /// Takes the next character off the transmitter and puts it on the line.
  ///
  /// In loopback all characters go to the receiver instead, and during a break they are lost; both
  /// are dealt with here.
  ///
  /// - Returns: The character that leaves, or `nil` if the transmitter is empty.
  public mutating func transmit() -> UInt8? {
    while let character = transmitter.popFirst() {
      if transmitter.isEmpty { latchTransmitterEmpty() }
      if lineControl.contains(.setBreak) { continue }
      if !isLoopback { return character }
      deliver(character, [])
    }
    return nil
  }

  /// Drives the modem inputs; in loopback they are not connected, and show when it ends.
  ///
  /// - Parameters:
  ///   - cts: Clear to send.
  ///   - dsr: Data set ready.
  ///   - ri: Ring indicator.
  ///   - dcd: Data carrier detect.
  public mutating func setModemInputs(cts: Bool, dsr: Bool, ri: Bool, dcd: Bool) {
    var inputs: ModemStatus = []
    if cts { inputs.insert(.clearToSend) }
    if dsr { inputs.insert(.dataSetReady) }
    if ri { inputs.insert(.ringIndicator) }
    if dcd { inputs.insert(.dataCarrierDetect) }
    changeLine { $0.modemInputs = inputs }
  }

  /// The high half of MSR: the inputs, or in loopback the outputs in the datasheet's pairing.
  var effectiveModemInputs: ModemStatus {
    guard isLoopback else { return modemInputs }
    var inputs: ModemStatus = []
    if modemControl.contains(.requestToSend) { inputs.insert(.clearToSend) }
    if modemControl.contains(.dataTerminalReady) { inputs.insert(.dataSetReady) }
    if modemControl.contains(.out1) { inputs.insert(.ringIndicator) }
    if modemControl.contains(.out2) { inputs.insert(.dataCarrierDetect) }
    return inputs
  }

  /// Makes a change that may alter what the UART sees on its inputs, and latches what it sees:
  /// the deltas of the modem inputs, and a break that comes back through the loop.
  mutating func changeLine(_ change: (inout UART16550) -> Void) {
    let before = effectiveModemInputs
    let brokeBefore = seesOwnBreak
    change(&self)
    let after = effectiveModemInputs
    var edges = before.symmetricDifference(after)
    // RI has no delta but a trailing edge.
    if after.contains(.ringIndicator) { edges.remove(.ringIndicator) }
    modemDeltas.formUnion(ModemStatus(rawValue: edges.rawValue >> 4))
    if seesOwnBreak && !brokeBefore { deliver(0, .breakInterrupt) }
  }

  private var seesOwnBreak: Bool { isLoopback && lineControl.contains(.setBreak) }

  mutating func readReceiverBuffer() -> UInt8 {
    if let character = receiver.popFirst() {
      lastReceived = character
      timeoutPending = false
      revealErrors()
    }
    return lastReceived
  }

  mutating func writeTransmitterHolding(_ value: UInt8) {
    transmitterEmptyPending = false
    if !fifosEnabled { transmitter.removeAll() }
    transmitter.append(value)
  }

  mutating func resetReceiver() {
    receiver.removeAll()
    timeoutPending = false
    fifoError = false
  }

  mutating func resetTransmitter() {
    if !transmitter.isEmpty { latchTransmitterEmpty() }
    transmitter.removeAll()
  }

  @discardableResult
  private mutating func deliver(_ character: UInt8, _ errors: LineStatus) -> Bool {
    let overrun = receiver.count >= depth
    if overrun {
      lineErrors.insert(.overrunError)
      if fifosEnabled { return false }
      receiver.removeAll()
    }
    receiver.append(character, conditions: errors.rawValue)
    if fifosEnabled && !errors.isEmpty { fifoError = true }
    if receiver.count == 1 { revealErrors() }
    return !overrun
  }

  /// An error shows in LSR when its character is the next to be read.
  private mutating func revealErrors() {
    lineErrors.formUnion(LineStatus(rawValue: receiver.takeFirstConditions()))
  }
}
