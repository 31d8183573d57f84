/// INT 14h: COM1. Its speed and format have no effect on a line that is a pipe.
extension BIOSServices {
  private static let data: UInt16 = 0x3F8
  private static let lineStatus: UInt16 = 0x3FD
  private static let modemStatus: UInt16 = 0x3FE
  private static let dataReady: UInt8 = 0x01
  private static let timeout: UInt8 = 0x80

  func serial(_ call: inout BIOSCall) {
    guard call.dx == 0 else {
      call.ah = Self.timeout
      return
    }
    switch call.ah {
    case 0x00, 0x03:
      call.ah = ports.read(Self.lineStatus)
      call.al = ports.read(Self.modemStatus)
    case 0x01:
      ports.write(Self.data, call.al)
      call.ah = ports.read(Self.lineStatus)
    case 0x02:
      let status = ports.read(Self.lineStatus)
      guard status & Self.dataReady != 0 else {
        // It returns at once instead of after a second without a byte.
        call.ah = status | Self.timeout
        return
      }
      call.al = ports.read(Self.data)
      call.ah = status & 0x1E
    default: call.unsupported()
    }
  }
}
