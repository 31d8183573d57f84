/// An 8042 keyboard controller with a ``PS2Keyboard`` and a ``PS2Mouse``: registers and devices, and
/// nothing else.
///
/// A value without port, lock or clock. Its owner writes and reads the registers, gives keys and
/// movements to ``keyboard`` and ``mouse``, and after each of these calls ``fillOutputBuffer()``:
/// one byte moves from whoever has one to where the guest reads it. First comes an answer of the
/// controller, then the keyboard's bytes, then the mouse's; a byte says of whom it is. What does not
/// fit stays in the device. Everything takes effect at once: there is no bit time, and the input
/// buffer is never full.
///
/// Where real controllers differ among each other this one does what QEMU's does, which guests are
/// tested with: sending a byte to a disabled device enables it; while the keyboard is disabled there
/// is no IRQ 1; the self-test keeps the command byte.
public struct I8042: Equatable, Sendable {
  /// What a write asks of the board.
  public enum Request: Equatable, Sendable {
    /// Switch address line 20.
    case setA20(Bool)
    /// Reset the machine.
    case reset
  }

  private struct Output: Equatable, Sendable {
    var byte: UInt8
    var isAuxiliary: Bool
  }

  /// The keyboard at the first connector.
  public var keyboard = PS2Keyboard()
  /// The mouse at the second, "auxiliary" one.
  public var mouse = PS2Mouse()

  /// The command byte.
  public private(set) var commandByte = CommandByte.powerOn
  /// Whether the output buffer holds a byte that nobody has read.
  public private(set) var isOutputBufferFull = false
  /// The output buffer; an empty one repeats its last byte.
  private var output = Output(byte: 0, isAuxiliary: false)
  /// The controller's own answer, until it is in the output buffer. A new one replaces it.
  private var answer: Output?
  /// The command that waits for its byte at port 0x60.
  private var awaiting: UInt8?
  private var isCommandWritten = false
  private var translator = ScanCodeTranslator()
  /// The output port as written, less what the board and the buffers decide.
  private var outputPort = OutputPort.powerOn

  /// A controller as firmware leaves it: see ``CommandByte``.
  public init() {}

  /// The level of IRQ 1.
  public var keyboardInterruptAsserted: Bool {
    isOutputBufferFull && !output.isAuxiliary && commandByte.contains(.keyboardInterrupt)
      && !commandByte.contains(.disableKeyboard)
  }

  /// The level of IRQ 12.
  public var auxiliaryInterruptAsserted: Bool {
    isOutputBufferFull && output.isAuxiliary && commandByte.contains(.auxiliaryInterrupt)
  }

  /// Whether the guest wants keys and has taken the last one's bytes.
  var isReadyForKey: Bool {
    keyboard.isScanning && !keyboard.hasOutput && !commandByte.contains(.disableKeyboard)
      && !(isOutputBufferFull && !output.isAuxiliary)
  }

  // MARK: Registers

  /// Reads port 0x64, which has no side effect.
  public func readStatus() -> Status {
    var status: Status = .keyboardUnlocked
    if isOutputBufferFull {
      status.insert(.outputBufferFull)
      if output.isAuxiliary { status.insert(.auxiliaryOutputBufferFull) }
    }
    if commandByte.contains(.systemFlag) { status.insert(.systemFlag) }
    if isCommandWritten { status.insert(.commandWritten) }
    return status
  }

  /// Reads port 0x60 and empties the output buffer.
  public mutating func readData() -> UInt8 {
    isOutputBufferFull = false
    return output.byte
  }

  /// Writes port 0x60: the byte that a command waits for, or one for the keyboard.
  public mutating func writeData(_ byte: UInt8) -> Request? {
    isCommandWritten = false
    let command = awaiting
    awaiting = nil
    switch command {
    case Command.writeCommandByte:
      commandByte = CommandByte(rawValue: byte)
    case Command.writeOutputPort:
      outputPort = OutputPort(rawValue: byte).subtracting(.buffers)
      // A processor that is held in reset does not care for A20.
      return outputPort.contains(.resetInactive)
        ? .setA20(outputPort.contains(.a20)) : requestReset()
    case Command.writeKeyboardOutputBuffer:
      answer = Output(byte: byte, isAuxiliary: false)
    case Command.writeAuxiliaryOutputBuffer:
      answer = Output(byte: byte, isAuxiliary: true)
    case Command.writeAuxiliary:
      commandByte.remove(.disableAuxiliary)
      mouse.receive(byte)
    default:
      commandByte.remove(.disableKeyboard)
      keyboard.receive(byte)
    }
    return nil
  }

  /// Writes port 0x64: a command.
  ///
  /// - Parameters:
  ///   - command: See ``Command``.
  ///   - isA20Enabled: The A20 gate as it is, which others switch as well.
  public mutating func writeCommand(_ command: UInt8, isA20Enabled: Bool) -> Request? {
    isCommandWritten = true
    awaiting = nil
    switch command {
    case Command.readCommandByte: reply(commandByte.rawValue)
    case Command.writeCommandByte, Command.writeOutputPort, Command.writeKeyboardOutputBuffer,
      Command.writeAuxiliaryOutputBuffer, Command.writeAuxiliary:
      awaiting = command
    case Command.disableAuxiliary: commandByte.insert(.disableAuxiliary)
    case Command.enableAuxiliary: commandByte.remove(.disableAuxiliary)
    case Command.testAuxiliary, Command.testKeyboard: reply(0)
    case Command.selfTest:
      commandByte.insert(.systemFlag)
      reply(0x55)
    case Command.disableKeyboard: commandByte.insert(.disableKeyboard)
    case Command.enableKeyboard: commandByte.remove(.disableKeyboard)
    case Command.readInputPort: reply(0x80)
    case Command.readOutputPort: reply(readOutputPort(isA20Enabled: isA20Enabled).rawValue)
    case Command.disableA20: return .setA20(false)
    case Command.enableA20: return .setA20(true)
    case Command.readTestInputs:
      reply(
        (commandByte.contains(.disableKeyboard) ? 0 : 0x01)
          | (commandByte.contains(.disableAuxiliary) ? 0 : 0x02))
    // A pulse of the other bits, A20 among them, is over before a guest can tell.
    case Command.pulseOutputPort: return command & 0x01 == 0 ? .reset : nil
    default: break
    }
    return nil
  }

  private mutating func reply(_ byte: UInt8) { answer = Output(byte: byte, isAuxiliary: false) }

  private func readOutputPort(isA20Enabled: Bool) -> OutputPort {
    var port = outputPort.subtracting(.a20)
    if isA20Enabled { port.insert(.a20) }
    if isOutputBufferFull {
      port.insert(output.isAuxiliary ? .auxiliaryOutputBufferFull : .keyboardOutputBufferFull)
    }
    return port
  }

  /// The line is held until the reset, and released by it.
  private mutating func requestReset() -> Request {
    outputPort.insert(.resetInactive)
    return .reset
  }

  // MARK: Output buffer

  /// Moves the next byte, if there is one, into the output buffer, if that is empty.
  public mutating func fillOutputBuffer() {
    guard !isOutputBufferFull, let next = answer ?? nextFromKeyboard() ?? nextFromMouse() else {
      return
    }
    answer = nil
    output = next
    isOutputBufferFull = true
  }

  private mutating func nextFromKeyboard() -> Output? {
    guard !commandByte.contains(.disableKeyboard) else { return nil }
    while let byte = keyboard.transmit() {
      guard commandByte.contains(.translate) else {
        return Output(byte: byte, isAuxiliary: false)
      }
      if let code = translator.translate(byte) { return Output(byte: code, isAuxiliary: false) }
    }
    return nil
  }

  private mutating func nextFromMouse() -> Output? {
    guard !commandByte.contains(.disableAuxiliary), let byte = mouse.transmit() else { return nil }
    return Output(byte: byte, isAuxiliary: true)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    keyboard._checkInvariants()
    mouse._checkInvariants()
    precondition(!(keyboardInterruptAsserted && auxiliaryInterruptAsserted))
    precondition(outputPort.isDisjoint(with: .buffers) && outputPort.contains(.resetInactive))
    precondition(!readStatus().contains(.inputBufferFull))
  }

  /// Whether ``fillOutputBuffer()`` has nothing to do; for tests.
  var _isSettled: Bool {
    isOutputBufferFull
      || answer == nil
        && (commandByte.contains(.disableKeyboard) || !keyboard.hasOutput)
        && (commandByte.contains(.disableAuxiliary) || !mouse.hasOutput)
  }
}
