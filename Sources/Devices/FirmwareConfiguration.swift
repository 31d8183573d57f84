import Synchronization

/// What QEMU's firmware configuration device, fw_cfg, tells a guest: items by their key.
///
/// After `docs/specs/fw_cfg.rst` and `include/standard-headers/linux/qemu_fw_cfg.h` of QEMU.
public struct FirmwareConfigurationItems: Equatable, Sendable {
  /// The items that are not files.
  enum Key {
    static let signature: UInt16 = 0x00
    /// Bit 0: the interface of two ports; no DMA.
    static let interfaceVersion: UInt16 = 0x01
    static let memorySize: UInt16 = 0x03
    static let cpuCount: UInt16 = 0x05
    static let maximumCPUCount: UInt16 = 0x0F
    static let commandLineSize: UInt16 = 0x14
    static let commandLine: UInt16 = 0x15
    static let fileDirectory: UInt16 = 0x19
  }

  private var items: [UInt16: [UInt8]] = [:]

  /// The items of a machine without files.
  ///
  /// - Parameters:
  ///   - memorySize: Bytes of RAM.
  ///   - cpuCount: All of them are there from the start.
  public init(memorySize: UInt64, cpuCount: Int, commandLine: String) {
    let text = Array(commandLine.utf8) + [0]
    let count = UInt16(clamping: cpuCount)
    items = [
      Key.signature: Array("QEMU".utf8),
      Key.interfaceVersion: Self.bytes(UInt32(1)),
      Key.memorySize: Self.bytes(memorySize),
      Key.cpuCount: Self.bytes(count),
      Key.maximumCPUCount: Self.bytes(count),
      Key.commandLineSize: Self.bytes(UInt32(clamping: text.count)),
      Key.commandLine: text,
      // How many files there are, big endian.
      Key.fileDirectory: Self.bytes(UInt32(0)),
    ]
  }

  /// The bytes of an item; none for a key that nothing has.
  public subscript(_ key: UInt16) -> [UInt8] { items[key] ?? [] }

  private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value(8 * $0)) }
  }
}

/// The two ports of fw_cfg: a selector, and the selected item's bytes, one after the other.
///
/// An item's end, and an item that does not exist, read as zeros. Writes of data are ignored.
public final class FirmwareConfiguration: PortIODevice {
  /// Selector and data.
  public static let ports: ClosedRange<UInt16> = selectorPort...dataPort
  static let selectorPort: UInt16 = 0x510
  static let dataPort: UInt16 = 0x511

  private struct Position {
    var key: UInt16 = 0
    var offset = 0
  }

  private let items: FirmwareConfigurationItems
  private let position = Mutex(Position())

  /// Creates the device, with the signature selected.
  public init(_ items: FirmwareConfigurationItems) {
    self.items = items
  }

  /// Selects the signature again.
  public func reset() {
    position.withLock { $0 = Position() }
  }

  /// Reads the next byte of the item; a wide access, which the device does not have, gives 0 in the
  /// other bytes. The selector reads 0.
  public func read(port: UInt16, size: Int) -> UInt32 {
    guard port == Self.dataPort else { return 0 }
    return position.withLock { position in
      let item = items[position.key]
      guard position.offset < item.count else { return 0 }
      defer { position.offset += 1 }
      return UInt32(item[position.offset])
    }
  }

  /// Selects an item, from its first byte on.
  public func write(port: UInt16, size: Int, value: UInt32) {
    guard port == Self.selectorPort, size == 2 else { return }
    position.withLock { $0 = Position(key: UInt16(truncatingIfNeeded: value)) }
  }
}
