import Devices

/// A mode of VESA's numbering.
struct VBEMode {
  let number: UInt16
  let width: UInt16
  let height: UInt16
  let bitsPerPixel: UInt8

  /// Those of VBE 1.2, and Bochs' and QEMU's numbers for 32 bits.
  static let all: [VBEMode] = {
    let sizes: [(number: UInt16, width: UInt16, height: UInt16)] = [
      (0x10D, 320, 200), (0x110, 640, 480), (0x113, 800, 600), (0x116, 1024, 768),
      (0x119, 1280, 1024),
    ]
    let deep = sizes.flatMap { size in
      [(0, 15), (1, 16), (2, 24)].map { offset, depth in
        VBEMode(
          number: size.number + offset, width: size.width, height: size.height,
          bitsPerPixel: depth)
      }
    }
    let others: [(UInt16, UInt16, UInt16, UInt8)] = [
      (0x100, 640, 400, 8), (0x101, 640, 480, 8), (0x103, 800, 600, 8), (0x105, 1024, 768, 8),
      (0x107, 1280, 1024, 8), (0x140, 320, 200, 32), (0x141, 640, 400, 32),
      (0x142, 640, 480, 32), (0x143, 800, 600, 32), (0x144, 1024, 768, 32),
      (0x145, 1280, 1024, 32), (0x146, 320, 200, 8),
    ]
    return deep
      + others.map { VBEMode(number: $0.0, width: $0.1, height: $0.2, bitsPerPixel: $0.3) }
  }()

  var bytesPerPixel: UInt16 { (UInt16(bitsPerPixel) + 7) / 8 }
  var stride: UInt16 { width * bytesPerPixel }
  var size: Int { Int(stride) * Int(height) }

  /// Size and position of red, green, blue and the rest of a pixel; 0 with a palette.
  var masks: [UInt8] {
    switch bitsPerPixel {
    case 15: [5, 10, 5, 5, 5, 0, 1, 15]
    case 16: [5, 11, 6, 5, 5, 0, 0, 0]
    case 24: [8, 16, 8, 8, 8, 0, 0, 0]
    case 32: [8, 16, 8, 8, 8, 0, 8, 24]
    default: [0, 0, 0, 0, 0, 0, 0, 0]
    }
  }
}

/// INT 10h AH=4Fh: VESA BIOS Extension 2.0, with the linear framebuffer only.
extension BIOSServices {
  /// What AH says of a call that AL=4Fh says is implemented.
  private enum Status {
    static let success: UInt16 = 0x004F
    static let failed: UInt16 = 0x014F
  }

  private static let linearFramebuffer: UInt16 = 1 << 14
  private static let keepsMemory: UInt16 = 1 << 15

  /// The modes that fit in video memory.
  private var modes: [VBEMode] {
    let size = Int(dispi(DispiRegisters.Index.videoMemory64K)) << 16
    return VBEMode.all.filter { $0.size <= size }
  }

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
    var block: [UInt8] = Array("VESA".utf8)
    block.append(littleEndian: UInt16(0x0200))
    let name = FarPointer(BIOSROM.segment, BIOSROM.vendorName)
    block.append(name)
    // The DAC can be switched to 8 bits.
    block.append(littleEndian: UInt32(1))
    // The list of modes follows in the block itself.
    block.append(FarPointer(call.es, call.di &+ 0x22))
    block.append(littleEndian: dispi(DispiRegisters.Index.videoMemory64K))
    block.append(littleEndian: UInt16(0x0100))
    // Vendor, product and revision.
    for _ in 0..<3 { block.append(name) }
    block.append(zeroes: 0x22 - block.count)
    for mode in modes { block.append(littleEndian: mode.number) }
    block.append(littleEndian: UInt16.max)
    // Only who asks for VBE 2.0 has room for 512 bytes.
    let size = memory.long(target) == 0x3245_4256 ? 512 : 256
    block.append(zeroes: size - block.count)
    return memory.write(block, at: target)
  }

  /// Function 01h: the ModeInfoBlock of mode CX at ES:DI.
  private func modeInformation(_ call: BIOSCall) -> Bool {
    guard let mode = modes.first(where: { $0.number == call.cx & 0x3FFF }) else { return false }
    var block: [UInt8] = []
    // Supported, colour, graphics, not VGA compatible, no window, linear framebuffer.
    block.append(littleEndian: UInt16(0x00FB))
    // Windows: none.
    block.append(zeroes: 14)
    block.append(littleEndian: mode.stride)
    block.append(littleEndian: mode.width)
    block.append(littleEndian: mode.height)
    // Character cell, one plane, depth, one bank.
    block += [8, 16, 1, mode.bitsPerPixel, 1]
    // The memory model: packed pixels, or direct colour; pages that fit beside the first.
    let videoMemory = Int(dispi(DispiRegisters.Index.videoMemory64K)) << 16
    block += [
      mode.bitsPerPixel == 8 ? 4 : 6, 0, UInt8(clamping: videoMemory / mode.size - 1), 1,
    ]
    block += mode.masks
    block.append(0)
    block.append(littleEndian: UInt32(truncatingIfNeeded: MemoryMap.framebuffer.rawValue))
    block.append(zeroes: 256 - block.count)
    return memory.write(block, at: call.es(call.di))
  }

  // MARK: Modes

  private mutating func setVBEMode(_ request: UInt16) -> Bool {
    let number = request & 0x3FFF
    if number < 0x100 {
      return setVideoMode(
        UInt8(truncatingIfNeeded: number & 0x7F), clears: request & Self.keepsMemory == 0)
    }
    guard request & Self.linearFramebuffer != 0,
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
