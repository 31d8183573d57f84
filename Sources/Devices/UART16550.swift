/// A 16550A universal asynchronous receiver/transmitter: the registers and nothing else.
///
/// A value: it does no I/O, keeps no time and knows no lock, so it can be tested by traces of loads
/// and stores, compared, and saved. Who owns it connects it to the world:
/// - ``transmit()`` takes the characters that the guest has written. Nothing leaves by itself, so
///   the owner is the baud rate; one that calls it after every write, as ``SerialPort`` does,
///   transmits at once.
/// - ``receive(_:errors:)``, ``receiveBreak()`` and ``receiverIdle()`` are what happens on the
///   receive line.
/// - ``setModemInputs(cts:dsr:ri:dcd:)`` drives the modem inputs.
/// - ``interruptAsserted`` is the interrupt request as a PC wires it.
///
/// After National Semiconductor's PC16550D and Texas Instruments' TL16C550C datasheets. Word
/// length, parity, stop bits and the divisor are stored and read back but have no effect: both ends
/// of this line always agree, and a character always has eight bits, so that a guest too small to
/// program LCR (five bits after a reset) is still understood.
public struct UART16550: Equatable, Sendable {
  var interruptEnable: InterruptEnable = []
  /// The bits of FCR that stay: enable, DMA mode and trigger level.
  var fifoControl: FIFOControl = []
  var lineControl: LineControl = []
  var modemControl: ModemControl = []
  /// DLM and DLL. The datasheet leaves them undefined at reset; 12 means 9600 baud on a PC, as the
  /// firmware would leave it.
  var divisor: UInt16 = 12
  var scratch: UInt8 = 0

  /// The receiver FIFO, or with FIFOs off the RBR as a queue of one.
  var receiver = CharacterFIFO()
  /// The transmitter FIFO, or with FIFOs off the THR as a queue of one.
  var transmitter = CharacterFIFO()
  /// The character that RBR delivered last, and delivers again when there is none.
  var lastReceived: UInt8 = 0
  /// LSR bits 1 to 4: revealed to the guest, and set until it reads LSR.
  var lineErrors: LineStatus = []
  /// LSR bit 7.
  var fifoError = false
  /// The character time-out condition.
  var timeoutPending = false
  /// The THRE interrupt's latch: the condition is an event (the transmitter became empty, or the
  /// interrupt was enabled while it was), because reading IIR clears it though THRE stays set.
  /// Only set while IER enables it: enabling it sets the latch in any case.
  var transmitterEmptyPending = false
  /// The high half of MSR as the outside drives it, also during loopback.
  var modemInputs: ModemStatus = []
  /// The low half of MSR.
  var modemDeltas: ModemStatus = []

  /// A UART after master reset.
  ///
  /// - Parameter modemInputs: Which of CTS, DSR, RI and DCD are asserted already, so that no delta
  ///   shows; the low half is ignored.
  public init(modemInputs: ModemStatus = []) {
    self.modemInputs = modemInputs.subtracting(.deltas)
  }

  /// Reads a register.
  ///
  /// Reading has the side effects of the hardware: RBR removes a character, IIR clears a THRE
  /// interrupt that it names, LSR its error bits, and MSR its delta bits.
  ///
  /// - Parameter register: The offset from the base port; only the low three bits are decoded.
  public mutating func read(_ register: UInt8) -> UInt8 {
    switch register & 7 {
    case Register.data:
      if lineControl.contains(.divisorLatchAccess) { return UInt8(truncatingIfNeeded: divisor) }
      return readReceiverBuffer()
    case Register.interruptEnable:
      if lineControl.contains(.divisorLatchAccess) {
        return UInt8(truncatingIfNeeded: divisor >> 8)
      }
      return interruptEnable.rawValue
    case Register.interruptIdentification:
      let pending = pendingInterrupt
      if pending == .transmitterEmpty { transmitterEmptyPending = false }
      return identification(of: pending)
    case Register.lineControl:
      return lineControl.rawValue
    case Register.modemControl:
      return modemControl.rawValue
    case Register.lineStatus:
      let status = lineStatus
      lineErrors = []
      fifoError = receiver.hasConditions
      return status.rawValue
    case Register.modemStatus:
      let status = modemStatus
      modemDeltas = []
      return status.rawValue
    default:
      return scratch
    }
  }

  /// Whether reading a register now would change anything.
  func isReadDestructive(_ register: UInt8) -> Bool {
    switch register & 7 {
    case Register.data: !receiver.isEmpty
    case Register.interruptIdentification: transmitterEmptyPending
    case Register.lineStatus: !lineErrors.isEmpty || fifoError
    case Register.modemStatus: !modemDeltas.isEmpty
    default: false
    }
  }

  /// Writes a register.
  ///
  /// A write to THR fills the transmitter, whose characters ``transmit()`` takes. LSR and MSR are
  /// for reading only: the datasheet reserves writing them for the factory.
  ///
  /// - Parameters:
  ///   - register: The offset from the base port; only the low three bits are decoded.
  ///   - value: The byte to store.
  public mutating func write(_ register: UInt8, _ value: UInt8) {
    switch register & 7 {
    case Register.data:
      if lineControl.contains(.divisorLatchAccess) {
        divisor = divisor & 0xFF00 | UInt16(value)
      } else {
        writeTransmitterHolding(value)
      }
    case Register.interruptEnable:
      if lineControl.contains(.divisorLatchAccess) {
        divisor = divisor & 0x00FF | UInt16(value) << 8
      } else {
        writeInterruptEnable(InterruptEnable(rawValue: value))
      }
    case Register.fifoControl:
      writeFIFOControl(FIFOControl(rawValue: value))
    case Register.lineControl:
      changeLine { $0.lineControl = LineControl(rawValue: value) }
    case Register.modemControl:
      changeLine {
        $0.modemControl = ModemControl(rawValue: value).intersection(.implemented)
      }
    case Register.scratch:
      scratch = value
    default:
      break
    }
  }

  /// The value of LSR, without the side effects of reading it.
  public var lineStatus: LineStatus {
    var status = lineErrors
    if !receiver.isEmpty { status.insert(.dataReady) }
    if transmitter.isEmpty {
      // The shift register is never occupied between two calls, so THRE and TEMT go together.
      status.formUnion([.transmitterHoldingEmpty, .transmitterEmpty])
    }
    if fifoError { status.insert(.fifoError) }
    return status
  }

  /// The value of MSR, without the side effects of reading it.
  public var modemStatus: ModemStatus { effectiveModemInputs.union(modemDeltas) }

  /// Whether the guest has turned on the FIFOs; without them this is a 16450.
  public var fifosEnabled: Bool { fifoControl.contains(.enable) }

  /// Whether the transmitter is connected to the receiver, and the line to nothing.
  public var isLoopback: Bool { modemControl.contains(.loopback) }

  /// Whether the guest holds the transmit line in the break condition.
  public var isTransmittingBreak: Bool { lineControl.contains(.setBreak) && !isLoopback }

  /// Whether a character that is written to THR goes to the line at once and leaves no trace in the
  /// UART, if whoever owns it takes it at once: with the divisor latch closed, no break, no loop,
  /// and no interrupt to raise.
  var transmitsWithoutTrace: Bool {
    lineControl.isDisjoint(with: [.divisorLatchAccess, .setBreak]) && !isLoopback
      && !interruptEnable.contains(.transmitterEmpty) && transmitter.isEmpty
  }

  /// How many characters each direction holds.
  var depth: Int { fifosEnabled ? CharacterFIFO.capacity : 1 }

  private mutating func writeFIFOControl(_ value: FIFOControl) {
    let toggled = value.contains(.enable) != fifosEnabled
    let enabled = value.contains(.enable)
    if toggled || enabled && value.contains(.receiverReset) { resetReceiver() }
    if toggled || enabled && value.contains(.transmitterReset) { resetTransmitter() }
    fifoControl = enabled ? value.intersection([.enable, .dmaMode, .triggerLevel]) : []
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    receiver._checkInvariants()
    transmitter._checkInvariants()
    precondition(receiver.count <= depth && transmitter.count <= depth, "deeper than the mode")
    precondition(interruptEnable.isSubset(of: .implemented))
    precondition(modemControl.isSubset(of: .implemented))
    precondition(lineErrors.isSubset(of: .errors))
    precondition(modemDeltas.isSubset(of: .deltas) && modemInputs.isDisjoint(with: .deltas))
    precondition(
      !transmitterEmptyPending || interruptEnable.contains(.transmitterEmpty), "a useless latch")
    precondition(!timeoutPending || fifosEnabled && !receiver.isEmpty, "time-out of nothing")
    precondition(!fifoError || fifosEnabled, "FIFO error without FIFOs")
    precondition(!receiver.hasConditions || fifoError, "a hidden error that bit 7 does not show")
    precondition(fifosEnabled || fifoControl.isEmpty)
  }
}
