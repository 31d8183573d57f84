import Devices

/// INT 10h but VBE. IBM VGA Technical Reference; Ralf Brown's Interrupt List.
extension BIOSServices {
  mutating func video(_ call: inout BIOSCall) {
    switch call.ah {
    case 0x00: setVideoMode(&call)
    case 0x01: setCursorShape(call.cx)
    case 0x02: setCursor(call.bh, TextPosition(call.dx))
    case 0x03:
      call.cx = memory.word(BIOSDataArea.cursorShape)
      call.dx = cursor(call.bh).word
    case 0x05: showPage(call.al)
    case 0x06, 0x07:
      TextMemory(memory).scroll(
        activePage, from: TextPosition(call.cx), to: TextPosition(call.dx), lines: call.al,
        isUp: call.ah == 0x06, fill: call.bh)
    case 0x08: readCharacter(&call)
    case 0x09, 0x0A: writeCharacters(call)
    case 0x0B: setColor(call)
    case 0x0C, 0x0D: accessPixel(&call)
    case 0x0E: print(call.al, attribute: TextMemory(memory).isGraphics ? call.bl : nil)
    case 0x0F:
      call.al = memory.byte(BIOSDataArea.videoMode) | memory.byte(BIOSDataArea.videoControl) & 0x80
      call.ah = memory.byte(BIOSDataArea.columns)
      call.bh = activePage
    case 0x10: palette(&call)
    case 0x11: font(&call)
    case 0x12: alternateSelect(&call)
    case 0x13: writeString(call)
    case 0x1A: displayCombination(&call)
    case 0x4F: vbe(&call)
    default: call.unsupported()
    }
  }

  // MARK: Modes

  private mutating func setVideoMode(_ call: inout BIOSCall) {
    let mode = call.al & 0x7F
    guard setVideoMode(mode, clears: call.al & 0x80 == 0) else { return call.unsupported() }
    // What the mode's CGA register would hold, as BIOSes return it.
    call.al = mode > 7 ? 0x20 : mode == 6 ? 0x3F : 0x30
  }

  /// Sets a mode of the VGA's: 0 to 6 or 13h. False for others.
  mutating func setVideoMode(_ mode: UInt8, clears: Bool) -> Bool {
    let vgaMode: VGAMode
    switch mode {
    case 0, 1: vgaMode = .text40x25
    case 2, 3: vgaMode = .text80x25
    case 4, 5: vgaMode = .cga320x200
    case 6: vgaMode = .cga640x200
    case 0x13: vgaMode = .graphics320x200
    default: return false
    }
    vbeMode = nil
    if let vga = hardware.vga {
      // It is shown while the Bochs display is disabled. Without one that is all there is to show.
      setDispi(DispiRegisters.Index.enable, 0)
      vga.setMode(vgaMode)
    }
    let pixels = PixelMemory(memory, mode: mode)
    let isGraphics = pixels != nil
    let columns = pixels?.columns ?? (mode < 2 ? 40 : 80)
    let pageSize: UInt16 = mode < 2 ? 0x800 : mode < 4 ? 0x1000 : mode < 7 ? 0x4000 : 0
    memory.store(mode, at: BIOSDataArea.videoMode)
    memory.store(UInt16(columns), at: BIOSDataArea.columns)
    memory.store(pageSize, at: BIOSDataArea.pageSize)
    memory.store(UInt16(0), at: BIOSDataArea.pageStart)
    for page in UInt32(0)..<8 {
      memory.store(UInt16(0), at: BIOSDataArea.cursorPositions + 2 * page)
    }
    memory.store(UInt16(0x0607), at: BIOSDataArea.cursorShape)
    memory.store(UInt8(0), at: BIOSDataArea.activePage)
    memory.store(UInt16(0x3D4), at: BIOSDataArea.crtcPort)
    memory.store(UInt8(24), at: BIOSDataArea.lastRow)
    memory.store(UInt16(isGraphics ? 8 : 16), at: BIOSDataArea.characterHeight)
    memory.store(UInt8(clears ? 0x60 : 0xE0), at: BIOSDataArea.videoControl)
    setFontVector(isGraphics ? .rom8x8 : .rom8x16)
    if clears {
      if let pixels {
        pixels.clear()
      } else {
        memory.fill(0x4000, with: 0x0720, at: TextMemory.textMemory)
      }
    }
    return true
  }

  private func showPage(_ page: UInt8) {
    memory.store(page & 7, at: BIOSDataArea.activePage)
    let screen = TextMemory(memory)
    guard !screen.isGraphics else { return }
    let start = screen.address(page, row: 0, column: 0) - TextMemory.textMemory
    memory.store(UInt16(truncatingIfNeeded: start), at: BIOSDataArea.pageStart)
    hardware.vga?.setCRTCRegister(0x0C, UInt8(truncatingIfNeeded: start >> 9))
    hardware.vga?.setCRTCRegister(0x0D, UInt8(truncatingIfNeeded: start >> 1))
    setCursor(page, cursor(page))
  }

  // MARK: Cursor

  /// - Parameter shape: First and last line, in those of a CGA's character, eight, where they fit
  ///   there: a VGA's BIOS stretches them.
  func setCursorShape(_ shape: UInt16) {
    memory.store(shape, at: BIOSDataArea.cursorShape)
    var first = UInt8(truncatingIfNeeded: shape >> 8) & 0x3F
    var last = UInt8(truncatingIfNeeded: shape) & 0x1F
    let height = memory.byte(BIOSDataArea.characterHeight)
    let isEmulated = memory.byte(BIOSDataArea.videoControl) & 1 == 0
    if isEmulated, (9...32).contains(height), first < 8, last < 8 {
      // At most 8 * 32, which a byte does not hold.
      func stretched(_ line: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: (UInt16(line) + 1) * UInt16(height) / 8)
      }
      first = last == first + 1 ? stretched(last) - 2 : stretched(first) - 1
      last = stretched(last) - 1
    }
    hardware.vga?.setCRTCRegister(0x0A, first)
    hardware.vga?.setCRTCRegister(0x0B, last)
  }

  // MARK: Characters

  private func readCharacter(_ call: inout BIOSCall) {
    let screen = TextMemory(memory)
    // Pixels are no characters to read back.
    guard !screen.isGraphics else { return call.unsupported() }
    let position = cursor(call.bh)
    call.ax = memory.word(
      screen.address(call.bh, row: Int(position.row), column: Int(position.column)))
  }

  /// CX times the same character from the cursor on, which stays.
  private func writeCharacters(_ call: BIOSCall) {
    let screen = TextMemory(memory)
    let position = cursor(call.bh)
    guard Int(position.row) < screen.rows, Int(position.column) < screen.columns else { return }
    let attribute = call.ah == 0x09 || screen.isGraphics ? call.bl : nil
    let first = Int(position.row) * screen.columns + Int(position.column)
    // Behind the last cell of the page there is nothing to be seen.
    let end = min(first + Int(call.cx), screen.rows * screen.columns)
    for cell in first..<max(first, end) {
      screen.put(
        call.al, attribute: attribute, call.bh, row: cell / screen.columns,
        column: cell % screen.columns)
    }
  }

  /// AL bit 0: the cursor moves; bit 1: attributes follow the characters.
  private func writeString(_ call: BIOSCall) {
    let page = call.bh & 7
    let start = cursor(page)
    let hasAttributes = call.al & 2 != 0
    setCursor(page, TextPosition(call.dx))
    var offset = call.bp
    for _ in 0..<call.cx {
      let character = memory.byte(call.es(offset))
      offset &+= 1
      var attribute = call.bl
      if hasAttributes {
        attribute = memory.byte(call.es(offset))
        offset &+= 1
      }
      print(character, attribute: attribute, page: page)
    }
    if call.al & 1 == 0 { setCursor(page, start) }
  }

  // MARK: Pixels

  private func accessPixel(_ call: inout BIOSCall) {
    guard let pixels = TextMemory(memory).pixels else { return call.unsupported() }
    if call.ah == 0x0C {
      pixels.setPixel(x: call.cx, y: call.dx, call.al)
    } else if let color = pixels.pixel(x: call.cx, y: call.dx) {
      call.al = color
    }
  }

  // MARK: The adapter

  private func alternateSelect(_ call: inout BIOSCall) {
    switch call.bl {
    case 0x10:
      // Colour, 256 KiB, no feature bits, the switches of an EGA with a colour display.
      call.bx = 0x0003
      call.cx = 0x0009
    // Scanlines, default palette, video access, grey scales, cursor emulation, screen off: what
    // they choose between has no effect here.
    case 0x30...0x34, 0x36: call.al = 0x12
    default: call.unsupported()
    }
  }

  private func displayCombination(_ call: inout BIOSCall) {
    switch call.al {
    case 0x00: call.bx = 0x0008
    case 0x01: break
    default: return call.unsupported()
    }
    call.al = 0x1A
  }
}
