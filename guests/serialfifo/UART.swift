/// COM1's registers.
enum UART {
  enum Register: UInt16 {
    case data = 0x3F8
    case interruptEnable = 0x3F9
    /// FIFO control when written.
    case identification = 0x3FA
    case lineControl = 0x3FB
    case modemControl = 0x3FC
    case lineStatus = 0x3FD
    case modemStatus = 0x3FE
    case scratch = 0x3FF

    static let fifoControl = Register.identification
  }

  static let fifosOn: UInt8 = 0x01
  static let loopback: UInt8 = 0x10
  /// Connects the interrupt line on a PC.
  static let out2: UInt8 = 0x08
  static let dataReady: UInt8 = 0x01
  static let overrun: UInt8 = 0x02
  static let transmitterEmpty: UInt8 = 0x60
  /// What the low half of the identification says.
  static let receivedData: UInt8 = 0x04
  static let lineStatusChanged: UInt8 = 0x06

  static subscript(register: Register) -> UInt8 {
    get { portRead8(register.rawValue) }
    set { portWrite8(register.rawValue, newValue) }
  }

  /// As a console uses it: 8 bits, FIFOs on and empty, no interrupts, no loop.
  static func reset() {
    self[.lineControl] = 0x03
    self[.interruptEnable] = 0
    self[.modemControl] = 0x0B
    self[.fifoControl] = 0x07
    _ = self[.lineStatus]
    _ = self[.modemStatus]
  }

  /// Connects the transmitter to the receiver; FIFOs on and empty.
  static func enterLoopback() {
    reset()
    self[.modemControl] = loopback | out2
    self[.fifoControl] = 0x07
    _ = self[.modemStatus]
  }
}
