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
  private static let textMemorySize: UInt32 = 0x8000

  let memory: RealModeMemory
  let columns: Int
  let rows: Int
  let pageSize: UInt32
  /// What characters are drawn in; nil in the text modes.
  let pixels: PixelMemory?

  init(_ memory: RealModeMemory) {
    self.memory = memory
    pixels = PixelMemory(memory, mode: memory.byte(BIOSDataArea.videoMode))
    let columns = Int(memory.word(BIOSDataArea.columns))
    self.columns = pixels?.columns ?? ((1...132).contains(columns) ? columns : 80)
    rows = pixels == nil ? min(Int(memory.byte(BIOSDataArea.lastRow)) + 1, 100) : 25
    pageSize = UInt32(memory.word(BIOSDataArea.pageSize))
  }

  var isGraphics: Bool { pixels != nil }

  /// The address of a character of `page` in the text modes.
  func address(_ page: UInt8, row: Int, column: Int) -> UInt32 {
    let offset = UInt32(page & 7) * pageSize + 2 * UInt32(row * columns + column)
    return Self.textMemory + offset % Self.textMemorySize & ~1
  }

  /// Moves the lines of a window, and fills those that become free.
  ///
  /// - Parameters:
  ///   - lines: How far; 0 clears the window.
  ///   - fill: The attribute of the new lines; in graphics modes the byte that they are filled with.
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
    if let pixels { return pixels.copy(from: source, to: row, left, width: width) }
    memory.copy(
      2 * width, from: address(page, row: source, column: left),
      to: address(page, row: row, column: left))
  }

  private func fillRow(_ page: UInt8, _ row: Int, _ left: Int, _ width: Int, _ fill: UInt8) {
    if let pixels { return pixels.fill(row, left, width: width, with: fill) }
    memory.fill(
      width, with: UInt16(fill) << 8 | 0x20, at: address(page, row: row, column: left))
  }

  /// Writes a character.
  ///
  /// - Parameter attribute: nil to leave it as it is; in graphics modes the colour.
  func put(
    _ character: UInt8, attribute: UInt8?, _ page: UInt8, row: Int, column: Int
  ) {
    if let pixels {
      // A CGA's ROM has the first half of the characters, and whoever wants to brings the others.
      let isUpper = pixels.isCGA && character >= 0x80
      let font = memory.vector(isUpper ? BIOSServices.upperFont : BIOSServices.fontVector)
      let glyph = font.linear &+ 8 &* UInt32(isUpper ? character & 0x7F : character)
      return pixels.put(glyph: glyph, color: attribute ?? 7, row: row, column: column)
    }
    let target = address(page, row: row, column: column)
    memory.store(character, at: target)
    if let attribute { memory.store(attribute, at: target + 1) }
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
