/// The VGA's CRT controller: the picture's timing, its place in memory and the cursor, behind ports
/// 0x3D4 and 0x3D5.
///
/// After the IBM VGA's "CRT Controller Registers". Every value of every register has a meaning here, if
/// not on a monitor.
public struct VGACRTC: Sendable {
  /// Register numbers.
  public enum Index {
    public static let horizontalTotal = 0x00
    public static let horizontalDisplayEnd = 0x01
    public static let horizontalBlankStart = 0x02
    public static let horizontalBlankEnd = 0x03
    public static let horizontalRetraceStart = 0x04
    public static let horizontalRetraceEnd = 0x05
    public static let verticalTotal = 0x06
    public static let overflow = 0x07
    public static let presetRowScan = 0x08
    public static let maximumScanLine = 0x09
    public static let cursorStart = 0x0A
    public static let cursorEnd = 0x0B
    public static let startAddressHigh = 0x0C
    public static let startAddressLow = 0x0D
    public static let cursorLocationHigh = 0x0E
    public static let cursorLocationLow = 0x0F
    public static let verticalRetraceStart = 0x10
    public static let verticalRetraceEnd = 0x11
    public static let verticalDisplayEnd = 0x12
    public static let offset = 0x13
    public static let underlineLocation = 0x14
    public static let verticalBlankStart = 0x15
    public static let verticalBlankEnd = 0x16
    public static let modeControl = 0x17
    public static let lineCompare = 0x18
  }

  private static let registerCount = 0x19

  private var registers = VGARegisterFile(
    masks: [UInt8](repeating: 0xFF, count: registerCount), indexMask: 31)

  public init() {}

  /// The register that the data port accesses, 0 to 31; from 0x19 on there is none.
  public var index: UInt8 {
    get { registers.index }
    set { registers.index = newValue }
  }

  public subscript(register: Int) -> UInt8 { registers[register] }

  /// Reads the data port.
  public var data: UInt8 { registers.data }

  /// Writes the data port.
  public mutating func writeData(_ value: UInt8) { write(Int(index), value) }

  /// Writes a register; one that does not exist, or is protected, ignores it. Bit 7 of
  /// ``Index/verticalRetraceEnd`` protects the first eight, but for the line compare's bit in
  /// ``Index/overflow``.
  public mutating func write(_ register: Int, _ value: UInt8) {
    guard register <= Index.overflow, self[Index.verticalRetraceEnd] & 0x80 != 0 else {
      registers[register] = value
      return
    }
    guard register == Index.overflow else { return }
    registers[register] = registers[register] & ~0x10 | value & 0x10
  }

  /// Takes `values` for the registers from 0 on, protected or not.
  mutating func load(_ values: [UInt8]) {
    for (register, value) in values.enumerated() { registers[register] = value }
  }

  // MARK: What they mean

  /// Character clocks in a line, retrace included: 5 to 260.
  var charactersPerLine: Int { Int(self[Index.horizontalTotal]) + 5 }
  /// Visible characters in a line: 1 to 256.
  var visibleCharacters: Int { Int(self[Index.horizontalDisplayEnd]) + 1 }
  /// Scanlines of a frame, retrace included: 2 to 1025.
  var scanlines: Int { vertical(Index.verticalTotal, 0, 5) + 2 }
  /// Visible scanlines: 1 to 1024.
  var visibleScanlines: Int { vertical(Index.verticalDisplayEnd, 1, 6) + 1 }
  /// The scanline at which the vertical retrace begins.
  var retraceStart: Int { vertical(Index.verticalRetraceStart, 2, 7) }
  /// Scanlines of a character, or of a pixel: 1 to 32.
  var scanlinesPerRow: Int { Int(self[Index.maximumScanLine] & 0x1F) + 1 }
  /// Whether each scanline is shown twice.
  var isDoubled: Bool { self[Index.maximumScanLine] & 0x80 != 0 }
  /// The address of the first character or pixel.
  var startAddress: Int { word(Index.startAddressHigh) }
  /// The address of the character with the cursor.
  var cursorLocation: Int { word(Index.cursorLocationHigh) }
  /// Half the distance from a row to the next, in addresses.
  var offset: Int { Int(self[Index.offset]) }

  /// Bytes of an address of the start and the offset, of those that the CPU sees in a row: in word mode
  /// they are counted in twos.
  var addressSize: Int { self[Index.modeControl] & 0x40 != 0 ? 1 : 2 }
  /// Whether odd scanlines of a row come from an address 8 KiB higher, as a CGA has them.
  var hasCGABanks: Bool { self[Index.modeControl] & 0x01 == 0 }

  /// The cursor's scanlines in its character, from 0; empty if it is switched off.
  var cursorLines: Range<Int> {
    let start = Int(self[Index.cursorStart] & 0x1F)
    let end = Int(self[Index.cursorEnd] & 0x1F)
    guard self[Index.cursorStart] & 0x20 == 0, start <= end else { return 0..<0 }
    return start..<(end + 1)
  }

  private func word(_ register: Int) -> Int { Int(self[register]) << 8 | Int(self[register + 1]) }

  /// A number of 10 bits, the upper two of which are in the overflow register.
  private func vertical(_ register: Int, _ bit8: UInt8, _ bit9: UInt8) -> Int {
    let overflow = self[Index.overflow]
    return Int(self[register]) | Int(overflow >> bit8 & 1) << 8 | Int(overflow >> bit9 & 1) << 9
  }
}
