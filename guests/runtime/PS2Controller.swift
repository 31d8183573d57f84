/// The 8042 with its two PS/2 ports, polled. Nothing it waits for takes long, so a device that does not
/// answer is an answer of nil.
enum PS2Controller {
  enum Port {
    case keyboard, mouse
  }

  /// Status register.
  static let outputFull: UInt8 = 0x01
  static let inputFull: UInt8 = 0x02
  static let fromMouse: UInt8 = 0x20
  /// Command byte.
  static let keyboardInterrupt: UInt8 = 0x01
  static let mouseInterrupt: UInt8 = 0x02
  static let keyboardDisabled: UInt8 = 0x10
  static let mouseDisabled: UInt8 = 0x20
  static let translation: UInt8 = 0x40
  /// A device's answer to a command that it takes.
  static let acknowledge: UInt8 = 0xFA

  private static let data: UInt16 = 0x60
  private static let command: UInt16 = 0x64

  static var status: UInt8 { portRead8(command) }

  /// The byte in the output buffer, or nil if it is empty.
  static var pendingByte: UInt8? {
    status & outputFull != 0 ? portRead8(data) : nil
  }

  /// The next byte, or nil if none comes.
  static func read() -> UInt8? {
    eventually { status & outputFull != 0 } ? portRead8(data) : nil
  }

  /// A command to the controller itself.
  static func send(command value: UInt8) {
    awaitInput()
    portWrite8(command, value)
  }

  /// A byte to the data port: a command's parameter, or a command to the keyboard.
  static func send(data value: UInt8) {
    awaitInput()
    portWrite8(data, value)
  }

  static var commandByte: UInt8? {
    send(command: 0x20)
    return read()
  }

  static func setCommandByte(_ value: UInt8) {
    send(command: 0x60)
    send(data: value)
  }

  /// A byte to a device, and its first byte back.
  static func request(_ value: UInt8, of port: Port) -> UInt8? {
    if port == .mouse { send(command: 0xD4) }
    send(data: value)
    return read()
  }

  /// Whether a device takes these bytes, one after the other.
  static func takes<let count: Int>(_ bytes: InlineArray<count, UInt8>, _ port: Port) -> Bool {
    for index in bytes.indices where request(bytes[index], of: port) != acknowledge { return false }
    return true
  }

  /// Throws away what nobody has asked for.
  static func flush() {
    while pendingByte != nil {}
  }

  private static func awaitInput() {
    _ = eventually { status & inputFull == 0 }
  }
}
