/// The VGA's sequencer: dot clock, plane masks and memory mode, behind ports 0x3C4 and 0x3C5.
///
/// After the IBM VGA's "Sequencer Registers". Bits that the chip does not have read 0.
public struct VGASequencer: Sendable {
  /// Register numbers.
  public enum Index {
    public static let reset = 0
    public static let clockingMode = 1
    public static let mapMask = 2
    public static let characterMapSelect = 3
    public static let memoryMode = 4
  }

  /// The bits that each register has.
  private static let masks: [UInt8] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E]

  private var registers = VGARegisterFile(masks: masks, indexMask: 7)

  public init() {}

  /// The register that the data port accesses, 0 to 7; from 5 on there is none.
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

  /// Whether a character is 8 dots wide instead of 9.
  var hasEightDots: Bool { self[Index.clockingMode] & 0x01 != 0 }
  /// Whether dots are twice as wide: 40 columns.
  var hasHalfDotClock: Bool { self[Index.clockingMode] & 0x08 != 0 }
  /// Whether the screen is off, so that the CPU has all the memory's bandwidth.
  var isScreenOff: Bool { self[Index.clockingMode] & 0x20 != 0 }
  /// The planes that the CPU's stores reach, a bit each.
  var writtenPlanes: UInt8 { self[Index.mapMask] }
  /// Whether the low two address bits select the plane: mode 13h.
  var isChained: Bool { self[Index.memoryMode] & 0x08 != 0 }
}
