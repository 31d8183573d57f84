import Devices

/// INT 10h AH=10h and AH=0Bh: the attribute controller's palette and the DAC.
extension BIOSServices {
  private static let inputStatus: UInt16 = 0x3DA
  private static let attributeWrite: UInt16 = 0x3C0
  private static let attributeRead: UInt16 = 0x3C1
  private static let dacReadIndex: UInt16 = 0x3C7
  private static let dacWriteIndex: UInt16 = 0x3C8
  private static let dacData: UInt16 = 0x3C9
  /// Without it the attribute controller shows the border only.
  private static let paletteAddressSource: UInt8 = 0x20
  private static let modeControl: UInt8 = 0x10
  private static let overscan: UInt8 = 0x11
  /// Those that the calls for all of them take and return, in their order.
  private static let paletteRegisters = Array(UInt8(0)..<16) + [overscan]

  func palette(_ call: inout BIOSCall) {
    switch call.al {
    case 0x00: writeAttribute(call.bl, call.bh)
    case 0x01: writeAttribute(Self.overscan, call.bh)
    case 0x02:
      for (offset, register) in zip(UInt16.zero..., Self.paletteRegisters) {
        writeAttribute(register, memory.byte(call.es(call.dx &+ offset)))
      }
    case 0x03:
      // Blinking, or a background of 16 colours.
      let control = readAttribute(Self.modeControl)
      writeAttribute(
        Self.modeControl, call.bl & 1 != 0 ? control | 0x08 : control & ~0x08)
    case 0x07: call.bh = readAttribute(call.bl)
    case 0x08: call.bh = readAttribute(Self.overscan)
    case 0x09:
      for (offset, register) in zip(UInt16.zero..., Self.paletteRegisters) {
        memory.store(readAttribute(register), at: call.es(call.dx &+ offset))
      }
    case 0x10:
      ports.write(Self.dacWriteIndex, call.bl)
      for component in [call.dh, call.ch, call.cl] { ports.write(Self.dacData, component) }
    case 0x12:
      ports.write(Self.dacWriteIndex, call.bl)
      for offset in 0..<3 * min(call.cx, 256) {
        ports.write(Self.dacData, memory.byte(call.es(call.dx &+ offset)))
      }
    case 0x15:
      ports.write(Self.dacReadIndex, call.bl)
      call.dh = ports.read(Self.dacData)
      call.ch = ports.read(Self.dacData)
      call.cl = ports.read(Self.dacData)
    case 0x17:
      ports.write(Self.dacReadIndex, call.bl)
      for offset in 0..<3 * min(call.cx, 256) {
        memory.store(ports.read(Self.dacData), at: call.es(call.dx &+ offset))
      }
    case 0x1A:
      // Four colour pages of 64, the first one shown.
      call.bx = 0
    default: call.unsupported()
    }
  }

  /// AH=0Bh: BH = 0 sets the border's colour, and the background's of a CGA's graphics modes; BH = 1 chooses
  /// the other three colours: green, red and brown, or cyan, magenta and white.
  func setColor(_ call: BIOSCall) {
    let mode = memory.byte(BIOSDataArea.videoMode)
    let hasFourColors = mode == 4 || mode == 5
    // Bit 4 of these modes' palette registers is the intensity, bit 0 tells the palettes apart.
    func change(_ bit: UInt8, to value: UInt8) {
      for register in UInt8(1)...3 {
        writeAttribute(register, readAttribute(register) & ~bit | value & bit)
      }
    }
    switch call.bh {
    case 0:
      writeAttribute(Self.overscan, call.bl & 0x1F)
      if hasFourColors || mode == 6 { writeAttribute(0, call.bl & 7 | (call.bl & 8) << 1) }
      if hasFourColors { change(0x10, to: call.bl) }
    case 1 where hasFourColors: change(0x01, to: call.bl)
    default: break
    }
  }

  private func writeAttribute(_ index: UInt8, _ value: UInt8) {
    _ = ports.read(Self.inputStatus)
    ports.write(Self.attributeWrite, index & 0x1F)
    ports.write(Self.attributeWrite, value)
    ports.write(Self.attributeWrite, Self.paletteAddressSource)
  }

  private func readAttribute(_ index: UInt8) -> UInt8 {
    _ = ports.read(Self.inputStatus)
    ports.write(Self.attributeWrite, index & 0x1F)
    let value = ports.read(Self.attributeRead)
    _ = ports.read(Self.inputStatus)
    ports.write(Self.attributeWrite, Self.paletteAddressSource)
    return value
  }
}
