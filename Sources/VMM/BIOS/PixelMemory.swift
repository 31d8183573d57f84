/// Pixels as they lie in video memory, in the graphics modes of INT 10h: 13h, and a CGA's 4 to 6.
///
/// A CGA's pixels share bytes, the leftmost one in the upper bits, and its odd lines lie 8 KiB behind the
/// even ones.
struct PixelMemory {
  /// Pixels of a character's sides.
  private static let characterSize = 8
  /// What a CGA's modes take as: combine the pixels with those that are there, by exclusive or.
  private static let combines: UInt8 = 0x80
  private static let height = 200

  private let memory: RealModeMemory
  /// Pixels in a line.
  private let width: Int
  private let bitsPerPixel: Int
  let isCGA: Bool

  /// nil for modes without pixels.
  init?(_ memory: RealModeMemory, mode: UInt8) {
    switch mode {
    case 0x04, 0x05: (width, bitsPerPixel) = (320, 2)
    case 0x06: (width, bitsPerPixel) = (640, 1)
    case 0x13: (width, bitsPerPixel) = (320, 8)
    default: return nil
    }
    isCGA = bitsPerPixel < 8
    self.memory = memory
  }

  /// Characters in a row.
  var columns: Int { width / Self.characterSize }

  /// Bytes of a character's line of pixels.
  private var cellBytes: Int { bitsPerPixel }

  /// The address of the first pixel of a line.
  private func address(line: Int) -> UInt32 {
    let rowBytes = UInt32(width * bitsPerPixel / 8)
    return isCGA
      ? TextMemory.textMemory + UInt32(line & 1) * 0x2000 + UInt32(line >> 1) * rowBytes
      : 0xA0000 + UInt32(line) * rowBytes
  }

  /// The addresses of the lines of a character.
  private func addresses(row: Int, column: Int) -> [UInt32] {
    (0..<Self.characterSize).map {
      address(line: Self.characterSize * row + $0) + UInt32(column * cellBytes)
    }
  }

  /// Makes all pixels 0.
  func clear() { memory.fill(isCGA ? 0x2000 : 0x8000, with: 0, at: address(line: 0)) }

  // MARK: Characters

  /// Copies `width` characters from one row to another.
  func copy(from source: Int, to row: Int, _ left: Int, width: Int) {
    for (source, target) in zip(
      addresses(row: source, column: left), addresses(row: row, column: left))
    {
      memory.copy(width * cellBytes, from: source, to: target)
    }
  }

  /// Fills the place of `width` characters with a byte.
  func fill(_ row: Int, _ left: Int, width: Int, with byte: UInt8) {
    let bytes = [UInt8](repeating: byte, count: width * cellBytes)
    for target in addresses(row: row, column: left) { memory.write(bytes, at: target) }
  }

  /// Draws a character.
  ///
  /// - Parameter glyph: Where its 8 lines are.
  func put(glyph: UInt32, color: UInt8, row: Int, column: Int) {
    for (line, target) in zip(UInt32(0)..., addresses(row: row, column: column)) {
      let dots = memory.byte(glyph &+ line)
      var pixels: UInt64 = 0
      for dot in (0..<8).reversed() {
        pixels = pixels << UInt64(bitsPerPixel) | (dots >> dot & 1 != 0 ? UInt64(color & mask) : 0)
      }
      for byte in 0..<cellBytes {
        let value = UInt8(truncatingIfNeeded: pixels >> UInt64(8 * (cellBytes - 1 - byte)))
        store(value, at: target + UInt32(byte), keeps: 0, color)
      }
    }
  }

  // MARK: Pixels

  private var mask: UInt8 { UInt8(truncatingIfNeeded: 1 << bitsPerPixel - 1) }

  /// INT 10h AH=0Ch. What is not on the screen is ignored.
  func setPixel(x: UInt16, y: UInt16, _ color: UInt8) {
    guard let (address, shift) = place(x, y) else { return }
    store((color & mask) << shift, at: address, keeps: ~(mask << shift), color)
  }

  /// INT 10h AH=0Dh; nil for what is not on the screen.
  func pixel(x: UInt16, y: UInt16) -> UInt8? {
    guard let (address, shift) = place(x, y) else { return nil }
    return memory.byte(address) >> shift & mask
  }

  /// The byte that has a pixel, and how many bits are below it there.
  private func place(_ x: UInt16, _ y: UInt16) -> (address: UInt32, shift: UInt8)? {
    guard x < width, y < Self.height else { return nil }
    let bit = Int(x) * bitsPerPixel
    return (
      address(line: Int(y)) + UInt32(bit / 8),
      UInt8(truncatingIfNeeded: 8 - bitsPerPixel - bit % 8)
    )
  }

  /// Stores the bits of a byte that are not kept, or combines them by ``combines`` of `color`.
  private func store(_ value: UInt8, at address: UInt32, keeps kept: UInt8, _ color: UInt8) {
    var value = value
    if isCGA, color & Self.combines != 0 {
      value ^= memory.byte(address)
    } else if kept != 0 {
      value |= memory.byte(address) & kept
    }
    memory.store(value, at: address)
  }
}
