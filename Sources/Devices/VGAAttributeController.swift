/// The VGA's attribute controller: from a character's attribute to a colour of the DAC, behind ports
/// 0x3C0 and 0x3C1.
///
/// After the IBM VGA's "Attribute Controller Registers". Index and data share port 0x3C0: writes go to
/// the one and the other in turn, and a read of input status 1 makes the index come next.
public struct VGAAttributeController: Sendable {
  /// Register numbers; 0 to 15 are the palette.
  public enum Index {
    public static let modeControl = 0x10
    public static let overscanColor = 0x11
    public static let colorPlaneEnable = 0x12
    public static let horizontalPanning = 0x13
    public static let colorSelect = 0x14
  }

  /// The bits that each register has.
  private static let masks =
    [UInt8](repeating: 0x3F, count: 0x10) + [0xEF, 0xFF, 0x3F, 0x0F, 0x0F]

  /// Whether the next write of the port is data.
  private var expectsData = false
  private var registers = VGARegisterFile(masks: masks, indexMask: 0x3F)

  public init() {}

  /// The register that the next data goes to, 0 to 31, and bit 5: the screen shows the picture.
  private(set) var index: UInt8 {
    get { registers.index }
    set { registers.index = newValue }
  }

  public subscript(register: Int) -> UInt8 { registers[register] }

  /// Reads port 0x3C1.
  public var data: UInt8 { self[Int(index & 0x1F)] }

  /// Writes port 0x3C0.
  public mutating func write(_ value: UInt8) {
    if expectsData {
      write(Int(index & 0x1F), value)
    } else {
      index = value
    }
    expectsData.toggle()
  }

  /// Makes the next write of port 0x3C0 an index.
  public mutating func resetFlipFlop() { expectsData = false }

  /// Writes a register; one that does not exist ignores it. The palette belongs to the CPU only while
  /// the screen shows none of it.
  public mutating func write(_ register: Int, _ value: UInt8) {
    guard register >= 0x10 || !isPaletteInUse else { return }
    registers[register] = value
  }

  /// Shows the picture, or only the border's colour: bit 5 of the index.
  public mutating func setPaletteInUse(_ isInUse: Bool) {
    index = index & ~0x20 | (isInUse ? 0x20 : 0)
  }

  /// Whether the picture is shown.
  public var isPaletteInUse: Bool { index & 0x20 != 0 }

  /// Whether bit 7 of a character's attribute makes it blink, instead of its background bright.
  var blinks: Bool { self[Index.modeControl] & 0x08 != 0 }
  /// Whether the ninth column of the characters 0xC0 to 0xDF repeats the eighth.
  var joinsLineGraphics: Bool { self[Index.modeControl] & 0x04 != 0 }

  /// The planes that are shown, a bit each.
  var planes: UInt8 { self[Index.colorPlaneEnable] & 0x0F }

  /// The DAC's index for one of 16 colours.
  func dacIndex(of color: Int) -> UInt8 {
    let entry = self[color & Int(planes)]
    let select = self[Index.colorSelect]
    let low = self[Index.modeControl] & 0x80 == 0 ? entry : entry & 0x0F | (select & 3) << 4
    return low & 0x3F | (select & 0x0C) << 4
  }
}
