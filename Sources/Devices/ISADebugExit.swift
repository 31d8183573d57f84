/// QEMU's `isa-debug-exit`: a guest ends the machine by writing a number.
///
/// Reads return 0. The device only reports; that the virtual CPU must not run on is the business of
/// whoever takes the report.
public final class ISADebugExit: PortIODevice {
  /// Those of `-device isa-debug-exit,iobase=0xf4,iosize=4`.
  public static let defaultPorts: ClosedRange<UInt16> = 0xF4...0xF7

  /// The ports: `iosize` of them from `iobase` on.
  public let ports: ClosedRange<UInt16>
  private let onExit: @Sendable (UInt32) -> Void

  /// Creates the device.
  ///
  /// - Parameters:
  ///   - ports: Where the device is. As in QEMU a value written to any of them is the whole value,
  ///     less the bytes that lie beyond the last port.
  ///   - onExit: Called with the value, on the thread of the virtual CPU that wrote it and each
  ///     time that one does; it must not block.
  public init(
    ports: ClosedRange<UInt16> = ISADebugExit.defaultPorts,
    onExit: @escaping @Sendable (UInt32) -> Void
  ) {
    self.ports = ports
    self.onExit = onExit
  }

  /// The exit status of a process that ends with `value`: `(value << 1) | 1`, of which the system
  /// keeps the low eight bits.
  ///
  /// Always odd, so a guest can neither claim success nor be taken for one of the monitor's own
  /// endings, which are even.
  public static func exitStatus(value: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: value << 1) | 1
  }

  /// Reads 0.
  public func read(port: UInt16, size: Int) -> UInt32 { 0 }

  /// Reports the value, as many bytes of it as there are ports.
  public func write(port: UInt16, size: Int, value: UInt32) {
    guard ports.contains(port) else { return }
    switch min(size, Int(ports.upperBound - port) + 1) {
    case ...1: onExit(value & 0xFF)
    case 2: onExit(value & 0xFFFF)
    case 3: onExit(value & 0xFF_FFFF)
    default: onExit(value)
    }
  }
}
