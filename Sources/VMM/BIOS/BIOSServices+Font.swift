import Devices

/// INT 10h AH=11h: character generator.
extension BIOSServices {
  /// The vectors that are no handlers: the glyphs 80h to FFh of a CGA's graphics modes, and the font
  /// of the mode that is set.
  static let upperFont: UInt8 = 0x1F
  static let fontVector: UInt8 = 0x43

  /// A font in ``BIOSROM``.
  enum ROMFont {
    case rom8x8, rom8x14, rom8x16

    var font: VGAFont {
      switch self {
      case .rom8x8: .size8x8
      case .rom8x14: .size8x14
      case .rom8x16: .size8x16
      }
    }

    var address: FarPointer {
      switch self {
      case .rom8x8: FarPointer(BIOSROM.segment, BIOSROM.font8x8)
      case .rom8x14: FarPointer(BIOSROM.fontSegment, BIOSROM.font8x14)
      case .rom8x16: FarPointer(BIOSROM.fontSegment, BIOSROM.font8x16)
      }
    }

    /// By the low digit of AL in the calls that load it.
    init?(loadedBy function: UInt8) {
      switch function & 0x0F {
      case 0x01: self = .rom8x14
      case 0x02: self = .rom8x8
      case 0x04: self = .rom8x16
      default: return nil
      }
    }
  }

  func font(_ call: inout BIOSCall) {
    switch call.al {
    case 0x00, 0x10: loadGuestFont(call)
    case 0x01, 0x02, 0x04, 0x11, 0x12, 0x14:
      guard let font = ROMFont(loadedBy: call.al) else { return }
      hardware.vga?.loadFont(font.font)
      if call.al & 0x10 != 0 {
        setCharacterHeight(UInt8(font.font.height))
        setFontVector(font)
      }
    // One of four fonts is shown: there is one.
    case 0x03: break
    case 0x20: memory.setVector(Self.upperFont, FarPointer(call.es, call.bp))
    case 0x21: memory.setVector(Self.fontVector, FarPointer(call.es, call.bp))
    case 0x22: setFontVector(.rom8x14)
    case 0x23: setFontVector(.rom8x8)
    case 0x24: setFontVector(.rom8x16)
    case 0x30: fontInformation(&call)
    default: call.unsupported()
    }
  }

  /// ES:BP has CX glyphs of BH bytes, for the characters from DX on.
  private func loadGuestFont(_ call: BIOSCall) {
    let height = min(max(call.bh, 1), 32)
    let count = min(Int(call.cx), 256) * Int(height)
    var glyphs: [UInt8] = []
    glyphs.reserveCapacity(count)
    for offset in 0..<UInt16(count) { glyphs.append(memory.byte(call.es(call.bp &+ offset))) }
    hardware.vga?.loadGlyphs(
      glyphs, height: Int(height), first: UInt8(truncatingIfNeeded: call.dx))
    if call.al == 0x10 { setCharacterHeight(height) }
  }

  /// As many rows as fit in 400 scanlines.
  private func setCharacterHeight(_ height: UInt8) {
    guard !TextMemory(memory).isGraphics else { return }
    let rows = 400 / UInt16(height)
    memory.store(UInt16(height), at: BIOSDataArea.characterHeight)
    memory.store(UInt8(truncatingIfNeeded: rows - 1), at: BIOSDataArea.lastRow)
    let columns = UInt16(TextMemory(memory).columns)
    memory.store(
      UInt16(truncatingIfNeeded: (2 * UInt32(rows) * UInt32(columns) + 0xFF) & ~0xFF),
      at: BIOSDataArea.pageSize)
    if let vga = hardware.vga {
      vga.setCRTCRegister(0x09, vga.crtcRegister(0x09) & 0xE0 | (height - 1))
    }
    setCursorShape(memory.word(BIOSDataArea.cursorShape))
    setCursor(activePage, cursor(activePage))
  }

  func setFontVector(_ font: ROMFont) { memory.setVector(Self.fontVector, font.address) }

  private func fontInformation(_ call: inout BIOSCall) {
    let address: FarPointer
    switch call.bh {
    case 0: address = memory.vector(Self.upperFont)
    case 1: address = memory.vector(Self.fontVector)
    case 2, 5: address = ROMFont.rom8x14.address
    case 3: address = ROMFont.rom8x8.address
    case 4: address = FarPointer(BIOSROM.segment, BIOSROM.upperFont8x8)
    case 6, 7: address = ROMFont.rom8x16.address
    default: return call.unsupported()
    }
    call.es = address.segment
    call.bp = address.offset
    call.cx = memory.word(BIOSDataArea.characterHeight)
    call.dl = memory.byte(BIOSDataArea.lastRow)
  }
}
