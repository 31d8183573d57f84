import Devices

/// INT 10h AH=4Fh: VESA BIOS Extension 2.0, with the linear framebuffer only.
extension BIOSServices {
  /// What AH says of a call that AL=4Fh says is implemented.
  private enum Status {
    static let success: UInt16 = 0x004F
    static let failed: UInt16 = 0x014F
  }

  private static let keepsMemory: UInt16 = 1 << 15

  private var videoMemorySize: Int {
    Int(dispi(DispiRegisters.Index.videoMemory64K)) << 16
  }

  private var modes: [VBEMode] { VBEMode.fitting(in: videoMemorySize) }

  mutating func vbe(_ call: inout BIOSCall) {
    guard hardware.display != nil else { return call.unsupported() }
    let isDone: Bool
    switch call.al {
    case 0x00: isDone = controllerInformation(call)
    case 0x01: isDone = modeInformation(call)
    case 0x02: isDone = setVBEMode(call.bx)
    case 0x03:
      call.bx = vbeMode ?? UInt16(memory.byte(BIOSDataArea.videoMode))
      isDone = true
    case 0x06: isDone = scanLineLength(&call)
    case 0x07: isDone = displayStart(&call)
    case 0x08: isDone = paletteFormat(&call)
    case 0x09: isDone = paletteData(call)
    // There is no window at A0000, so none to move; and no monitor to ask for its data.
    case 0x05: isDone = false
    default: return call.unsupported()
    }
    call.ax = isDone ? Status.success : Status.failed
    call.carry = false
  }

  // MARK: Information

  /// VBE 2.0, function 00h: the VbeInfoBlock at ES:DI.
  private func controllerInformation(_ call: BIOSCall) -> Bool {
    let target = call.es(call.di)
    // Only who asks for VBE 2.0 has room for 512 bytes.
    let size = memory.long(target) == 0x3245_4256 ? 512 : 256
    // The list of modes follows in the block itself.
    let block = VBEMode.controllerInformation(
      size: size, name: FarPointer(BIOSROM.segment, BIOSROM.vendorName),
      modeList: FarPointer(call.es, call.di &+ UInt16(VBEMode.modeListOffset)),
      videoMemorySize: videoMemorySize)
    return memory.write(block, at: target)
  }

  /// Function 01h: the ModeInfoBlock of mode CX at ES:DI.
  private func modeInformation(_ call: BIOSCall) -> Bool {
    guard let mode = modes.first(where: { $0.number == call.cx & 0x3FFF }) else { return false }
    let block = mode.information(videoMemorySize: videoMemorySize)
    return memory.write(block, at: call.es(call.di))
  }

  // MARK: Modes

  private mutating func setVBEMode(_ request: UInt16) -> Bool {
    let number = request & 0x3FFF
    if number < 0x100 {
      return setVideoMode(
        UInt8(truncatingIfNeeded: number & 0x7F), clears: request & Self.keepsMemory == 0)
    }
    guard request & VBEMode.linearFramebuffer != 0,
      let mode = modes.first(where: { $0.number == number })
    else { return false }
    setDispi(DispiRegisters.Index.enable, 0)
    setDispi(DispiRegisters.Index.xRes, mode.width)
    setDispi(DispiRegisters.Index.yRes, mode.height)
    setDispi(DispiRegisters.Index.bpp, UInt16(mode.bitsPerPixel))
    var enable: DispiRegisters.Enable = [.enabled, .linearFramebuffer]
    if request & Self.keepsMemory != 0 { enable.insert(.noClearMemory) }
    setDispi(DispiRegisters.Index.enable, enable.rawValue)
    vbeMode = request & ~Self.keepsMemory
    return true
  }

  /// Function 06h. A line can be made longer than the screen, not shorter.
  private func scanLineLength(_ call: inout BIOSCall) -> Bool {
    guard let (state, bytesPerPixel) = shown() else { return false }
    switch call.bl {
    case 0x00: setDispi(DispiRegisters.Index.virtualWidth, call.cx)
    case 0x02:
      setDispi(DispiRegisters.Index.virtualWidth, call.cx / UInt16(clamping: bytesPerPixel))
    case 0x01: break
    case 0x03:
      // The longest line of which as many fit as the screen has.
      let longest = state.videoMemory / max(1, state.display.height) / bytesPerPixel
      call.cx = UInt16(clamping: min(longest, DispiRegisters.maximumWidth))
      call.bx = UInt16(clamping: Int(call.cx) * bytesPerPixel)
      call.dx = UInt16(clamping: state.display.height)
      return true
    default: return false
    }
    guard let (now, _) = shown() else { return false }
    call.bx = UInt16(clamping: now.display.stride)
    call.cx = UInt16(clamping: now.display.stride / bytesPerPixel)
    call.dx = dispi(DispiRegisters.Index.virtualHeight)
    return true
  }

  /// Function 07h: which pixel is the first on the screen.
  private func displayStart(_ call: inout BIOSCall) -> Bool {
    guard shown() != nil else { return false }
    switch call.bl {
    case 0x00, 0x80:
      let before = (
        dispi(DispiRegisters.Index.xOffset), dispi(DispiRegisters.Index.yOffset)
      )
      setDispi(DispiRegisters.Index.xOffset, call.cx)
      setDispi(DispiRegisters.Index.yOffset, call.dx)
      // What would leave video memory has been refused.
      guard dispi(DispiRegisters.Index.xOffset) == call.cx,
        dispi(DispiRegisters.Index.yOffset) == call.dx
      else {
        setDispi(DispiRegisters.Index.xOffset, before.0)
        setDispi(DispiRegisters.Index.yOffset, before.1)
        return false
      }
    case 0x01:
      call.bh = 0
      call.cx = dispi(DispiRegisters.Index.xOffset)
      call.dx = dispi(DispiRegisters.Index.yOffset)
    default: return false
    }
    return true
  }

  // MARK: Palette

  /// Function 08h: 6 or 8 bits a component.
  private func paletteFormat(_ call: inout BIOSCall) -> Bool {
    guard call.bl <= 1 else { return false }
    var enable = DispiRegisters.Enable(rawValue: dispi(DispiRegisters.Index.enable))
    if call.bl == 0 {
      if call.bh >= 8 { enable.insert(.dac8Bit) } else { enable.remove(.dac8Bit) }
      setDispi(DispiRegisters.Index.enable, enable.rawValue)
    }
    call.bh = enable.contains(.dac8Bit) ? 8 : 6
    return true
  }

  /// Function 09h: CX colours from DX on, at ES:DI as blue, green, red and a byte without meaning.
  private func paletteData(_ call: BIOSCall) -> Bool {
    guard call.dx < 256, call.cx <= 256 - call.dx else { return false }
    let isRead = call.bl == 0x01
    guard isRead || call.bl == 0x00 || call.bl == 0x80 else { return false }
    ports.write(isRead ? 0x3C7 : 0x3C8, UInt8(truncatingIfNeeded: call.dx))
    for index in 0..<call.cx {
      for component in [UInt16(2), 1, 0] {
        let address = call.es(call.di &+ 4 &* index &+ component)
        if isRead {
          memory.store(ports.read(0x3C9), at: address)
        } else {
          ports.write(0x3C9, memory.byte(address))
        }
      }
    }
    return true
  }

  // MARK: Registers

  private func shown() -> (
    state: (display: DisplayState, videoMemory: Int), bytesPerPixel: Int
  )? {
    guard let state = hardware.display?.state().display, state.enabled else { return nil }
    let videoMemory = Int(dispi(DispiRegisters.Index.videoMemory64K)) << 16
    return ((state, videoMemory), (state.bitsPerPixel + 7) / 8)
  }

  func setDispi(_ index: UInt16, _ value: UInt16) {
    guard let display = hardware.display else { return }
    display.write(port: Self.dispiIndex, size: 2, value: UInt32(index))
    display.write(port: Self.dispiData, size: 2, value: UInt32(value))
  }

  private func dispi(_ index: UInt16) -> UInt16 {
    guard let display = hardware.display else { return 0 }
    display.write(port: Self.dispiIndex, size: 2, value: UInt32(index))
    return UInt16(truncatingIfNeeded: display.read(port: Self.dispiData, size: 2))
  }

  private static let dispiIndex: UInt16 = 0x1CE
  private static let dispiData: UInt16 = 0x1CF
}
