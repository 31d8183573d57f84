/// The VGA's palette: 256 colours of 6 or 8 bits a component, behind four ports.
///
/// After the IBM VGA's "Video DAC" registers and QEMU's `hw/display/vga.c`. A colour is written as
/// three bytes (red, green, blue) to the data port and takes effect with the third; the index then
/// moves on, for reading as for writing.
public struct VGADAC: Equatable, Sendable {
  /// The ports, as offsets from 0x3C6.
  public enum Register {
    /// ANDed with every pixel before it is looked up.
    public static let pixelMask: UInt8 = 0
    /// The index for reading (write); the state, 3 after an index for reading was written and 0
    /// after one for writing (read).
    public static let readIndex: UInt8 = 1
    /// The index for writing.
    public static let writeIndex: UInt8 = 2
    /// The next component of the colour.
    public static let data: UInt8 = 3
  }

  /// Red, green and blue of the 256 colours, as written.
  private var components = VGADAC.modeThirteenPalette
  private var pixelMask: UInt8 = 0xFF
  private var readIndex: UInt8 = 0
  private var writeIndex: UInt8 = 0
  /// Which component the next access of the data port is for: 0 to 2.
  private var component = 0
  /// The components of a colour that is being written.
  private var red: UInt8 = 0
  private var green: UInt8 = 0
  private var isReading = false

  /// Whether a component has 8 bits; else it has 6, and the upper two are ignored.
  ///
  /// As in Bochs and QEMU the components stay as they are when this changes, and only mean
  /// something else.
  public var is8Bit = false

  /// A DAC as the firmware leaves it: the default palette, 6 bits.
  public init() {}

  /// Sets the first colours, and the pixel mask to let every bit through.
  ///
  /// - Parameter values: Red, green and blue in turn; those behind the last colour are ignored.
  mutating func load(_ values: [UInt8]) {
    for (index, value) in zip(components.indices, values) { components[index] = value }
    pixelMask = 0xFF
  }

  /// Reads a port.
  ///
  /// - Parameter register: The offset from port 0x3C6; only the low two bits are decoded.
  public mutating func read(_ register: UInt8) -> UInt8 {
    switch register & 3 {
    case Register.pixelMask: return pixelMask
    case Register.readIndex: return isReading ? 3 : 0
    case Register.writeIndex: return writeIndex
    default:
      let value = components[3 * Int(readIndex) + component] & componentMask
      if advance() { readIndex &+= 1 }
      return value
    }
  }

  /// Writes a port.
  ///
  /// - Parameters:
  ///   - register: The offset from port 0x3C6; only the low two bits are decoded.
  ///   - value: The byte to store.
  /// - Returns: Whether the colour of any pixel value has changed.
  public mutating func write(_ register: UInt8, _ value: UInt8) -> Bool {
    switch register & 3 {
    case Register.pixelMask:
      defer { pixelMask = value }
      return pixelMask != value
    case Register.readIndex:
      readIndex = value
      component = 0
      isReading = true
      return false
    case Register.writeIndex:
      writeIndex = value
      component = 0
      isReading = false
      return false
    default:
      return writeComponent(value & componentMask)
    }
  }

  /// The colour of a pixel value: masked, looked up, and brought to 8 bits a component.
  public func color(of pixel: UInt8) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let first = 3 * Int(pixel & pixelMask)
    return (
      expand(components[first]), expand(components[first + 1]), expand(components[first + 2])
    )
  }

  private var componentMask: UInt8 { is8Bit ? 0xFF : 0x3F }

  /// 6 bits become 8 by repeating the upper two below: 0 stays 0, 63 becomes 255.
  private func expand(_ value: UInt8) -> UInt8 {
    if is8Bit { return value }
    let value = value & 0x3F
    return value << 2 | value >> 4
  }

  private mutating func writeComponent(_ value: UInt8) -> Bool {
    switch component {
    case 0: red = value
    case 1: green = value
    default: break
    }
    guard advance() else { return false }
    let first = 3 * Int(writeIndex)
    writeIndex &+= 1
    let changed =
      components[first] != red || components[first + 1] != green
      || components[first + 2] != value
    components[first] = red
    components[first + 1] = green
    components[first + 2] = value
    return changed
  }

  /// Moves to the next component; returns whether the colour is complete.
  private mutating func advance() -> Bool {
    component = component == 2 ? 0 : component + 1
    return component == 0
  }
}
