/// The VGA's graphics controller: how the CPU's accesses reach the planes, behind ports 0x3CE and
/// 0x3CF.
///
/// After the IBM VGA's "Graphics Controller Registers". Here it only tells modes apart: video memory
/// is the guest's own, so no store passes through the latches, rotations and masks.
public struct VGAGraphicsController: Sendable {
  /// Register numbers.
  public enum Index {
    public static let setReset = 0
    public static let enableSetReset = 1
    public static let colorCompare = 2
    public static let dataRotate = 3
    public static let readMapSelect = 4
    public static let mode = 5
    public static let miscellaneous = 6
    public static let colorDontCare = 7
    public static let bitMask = 8
  }

  /// The bits that each register has.
  private static let masks: [UInt8] = [
    0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF,
  ]

  private var registers = VGARegisterFile(masks: masks, indexMask: 15)

  public init() {}

  /// The register that the data port accesses, 0 to 15; from 9 on there is none.
  public var index: UInt8 {
    get { registers.index }
    set { registers.index = newValue }
  }

  public subscript(register: Int) -> UInt8 { registers[register] }

  /// Reads the data port.
  public var data: UInt8 { registers.data }

  /// Writes the data port.
  public mutating func writeData(_ value: UInt8) { write(Int(index), value) }

  /// Writes a register; one that does not exist ignores it.
  public mutating func write(_ register: Int, _ value: UInt8) { registers[register] = value }

  /// Whether memory holds pixels instead of characters.
  var isGraphics: Bool { self[Index.miscellaneous] & 0x01 != 0 }
  /// Whether each byte is a pixel of 256 colours.
  var has256Colors: Bool { self[Index.mode] & 0x40 != 0 }
  /// Whether pixels of two bits are interleaved as on a CGA.
  var isInterleaved: Bool { self[Index.mode] & 0x20 != 0 }

  /// Where the window that the CPU sees lies, from 0xA0000.
  var window: Range<Int> {
    switch self[Index.miscellaneous] >> 2 & 3 {
    case 0: 0..<0x2_0000
    case 1: 0..<0x1_0000
    case 2: 0x1_0000..<0x1_8000
    default: 0x1_8000..<0x2_0000
    }
  }
}
