import Devices

/// A place on the screen, in characters.
struct TextPosition: Equatable {
  var row: UInt8
  var column: UInt8

  init(row: UInt8, column: UInt8) {
    self.row = row
    self.column = column
  }

  /// As DX and the BIOS data area have it.
  init(_ word: UInt16) {
    self.init(row: UInt8(truncatingIfNeeded: word >> 8), column: UInt8(truncatingIfNeeded: word))
  }

  var word: UInt16 { UInt16(row) << 8 | UInt16(column) }
}

/// How characters lie in video memory, as the BIOS data area says, which the guest may change: every
/// value is brought into a range in which all of it stays in video memory.
struct TextMemory {
  static let textMemory: UInt32 = 0xB8000
  static let textMemorySize: UInt32 = 0x8000
  static let graphicsMemory: UInt32 = 0xA0000
  static let graphicsMode: UInt8 = 0x13
  /// Pixels in a line of mode 13h.
  static let graphicsStride: UInt32 = 320

  let memory: RealModeMemory
  let columns: Int
  let rows: Int
  let pageSize: UInt32
  let isGraphics: Bool

  init(_ memory: RealModeMemory) {
    self.memory = memory
    isGraphics = memory.byte(BIOSDataArea.videoMode) == Self.graphicsMode
    let columns = Int(memory.word(BIOSDataArea.columns))
    self.columns = isGraphics ? 40 : (1...132).contains(columns) ? columns : 80
    rows = isGraphics ? 25 : min(Int(memory.byte(BIOSDataArea.lastRow)) + 1, 100)
    pageSize = UInt32(memory.word(BIOSDataArea.pageSize))
  }

  /// The address of a character of `page`; of its first pixel in mode 13h.
  func address(_ page: UInt8, row: Int, column: Int) -> UInt32 {
    if isGraphics {
      return Self.graphicsMemory + UInt32(row) * 8 * Self.graphicsStride + UInt32(column) * 8
    }
    let offset = UInt32(page & 7) * pageSize + 2 * UInt32(row * columns + column)
    return Self.textMemory + offset % Self.textMemorySize & ~1
  }

  /// Moves the lines of a window, and fills those that become free.
  ///
  /// - Parameters:
  ///   - lines: How far; 0 clears the window.
  ///   - fill: The attribute of the new lines; in mode 13h their colour.
  func scroll(
    _ page: UInt8, from first: TextPosition, to last: TextPosition, lines: UInt8, isUp: Bool,
    fill: UInt8
  ) {
    let bottom = min(Int(last.row), rows - 1)
    let right = min(Int(last.column), columns - 1)
    let (top, left) = (Int(first.row), Int(first.column))
    guard top <= bottom, left <= right else { return }
    let height = bottom - top + 1
    let lines = lines == 0 ? height : min(Int(lines), height)
    for step in 0..<height {
      let row = isUp ? top + step : bottom - step
      let source = isUp ? row + lines : row - lines
      if (top...bottom).contains(source) {
        copyRow(page, from: source, to: row, left, right - left + 1)
      } else {
        fillRow(page, row, left, right - left + 1, fill)
      }
    }
  }

  private func copyRow(
    _ page: UInt8, from source: Int, to row: Int, _ left: Int, _ width: Int
  ) {
    let source = address(page, row: source, column: left)
    let target = address(page, row: row, column: left)
    guard isGraphics else {
      _ = memory.copy(2 * width, from: source, to: target)
      return
    }
    for line in 0..<8 * Self.graphicsStride where line % Self.graphicsStride == 0 {
      _ = memory.copy(8 * width, from: source + line, to: target + line)
    }
  }

  private func fillRow(_ page: UInt8, _ row: Int, _ left: Int, _ width: Int, _ fill: UInt8) {
    let target = address(page, row: row, column: left)
    guard isGraphics else {
      return memory.fill(width, with: UInt16(fill) << 8 | 0x20, at: target)
    }
    let colors = UInt16(fill) << 8 | UInt16(fill)
    for line in 0..<8 * Self.graphicsStride where line % Self.graphicsStride == 0 {
      memory.fill(4 * width, with: colors, at: target + line)
    }
  }

  /// Writes a character.
  ///
  /// - Parameter attribute: nil to leave it as it is; in mode 13h the colour.
  func put(
    _ character: UInt8, attribute: UInt8?, _ page: UInt8, row: Int, column: Int
  ) {
    let target = address(page, row: row, column: column)
    guard isGraphics else {
      memory.store(character, at: target)
      if let attribute { memory.store(attribute, at: target + 1) }
      return
    }
    let glyph = glyphAddress(character)
    for line in 0..<UInt32(8) {
      let dots = memory.byte(glyph &+ line)
      var pixels: UInt64 = 0
      for dot in 0..<8 where dots >> UInt8(7 - dot) & 1 != 0 {
        pixels |= UInt64(attribute ?? 7) << UInt64(8 * dot)
      }
      memory.store(pixels, at: target + line * Self.graphicsStride)
    }
  }

  /// Where the font of INT 43h has a character.
  private func glyphAddress(_ character: UInt8) -> UInt32 {
    memory.vector(BIOSServices.fontVector).linear &+ 8 &* UInt32(character)
  }
}

// MARK: - Cursor and teletype

extension BIOSServices {
  var activePage: UInt8 { memory.byte(BIOSDataArea.activePage) & 7 }

  func cursor(_ page: UInt8) -> TextPosition {
    TextPosition(memory.word(BIOSDataArea.cursorPositions + 2 * UInt32(page & 7)))
  }

  /// Moves a page's cursor, and the one on the screen if the page is shown.
  func setCursor(_ page: UInt8, _ position: TextPosition) {
    memory.store(position.word, at: BIOSDataArea.cursorPositions + 2 * UInt32(page & 7))
    guard page & 7 == activePage, let vga = hardware.vga else { return }
    let screen = TextMemory(memory)
    guard !screen.isGraphics else { return }
    let address = screen.address(
      page, row: Int(position.row), column: Int(position.column))
    let cell = (address - TextMemory.textMemory) / 2
    vga.setCRTCRegister(0x0E, UInt8(truncatingIfNeeded: cell >> 8))
    vga.setCRTCRegister(0x0F, UInt8(truncatingIfNeeded: cell))
  }

  /// Prints a character at the cursor of the active page: INT 10h AH=0Eh.
  ///
  /// The page in BH is ignored, as by other BIOSes: few boot sectors set it.
  ///
  /// - Parameter attribute: nil to leave it as it is.
  func print(_ character: UInt8, attribute: UInt8? = nil, page: UInt8? = nil) {
    if let teletype = hardware.teletype { CodePage437.write(character, to: teletype) }
    let page = page ?? activePage
    let screen = TextMemory(memory)
    let start = cursor(page)
    var row = min(Int(start.row), screen.rows - 1)
    var column = min(Int(start.column), screen.columns - 1)
    switch character {
    case 0x07: break
    case 0x08: column = max(0, column - 1)
    case 0x0A: row += 1
    case 0x0D: column = 0
    default:
      screen.put(character, attribute: attribute, page, row: row, column: column)
      column += 1
    }
    if column == screen.columns {
      column = 0
      row += 1
    }
    if row == screen.rows {
      row -= 1
      let below = screen.address(page, row: row, column: 0)
      screen.scroll(
        page, from: TextPosition(row: 0, column: 0), to: TextPosition(row: 0xFF, column: 0xFF),
        lines: 1, isUp: true, fill: screen.isGraphics ? 0 : attribute ?? memory.byte(below + 1))
    }
    setCursor(
      page,
      TextPosition(row: UInt8(truncatingIfNeeded: row), column: UInt8(truncatingIfNeeded: column)))
  }
}
