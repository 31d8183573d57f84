/// QEMU's `isa-debug-exit`: a guest ends the machine by writing a number.
///
/// Reads return 0. The device only reports; that the virtual CPU must not run on is the business of
/// whoever takes the report.
public final class DebugExit: PortIODevice {
  /// The ports of `-device isa-debug-exit,iobase=0xf4,iosize=4`.
  public let ports: ClosedRange<UInt16>
  private let onExit: @Sendable (UInt32) -> Void

  /// Creates the device.
  ///
  /// - Parameters:
  ///   - base: The first of four ports; at most 0xFFFC.
  ///   - onExit: Called with the value, on the thread of the virtual CPU that wrote it and each
  ///     time that one does; it must not block.
  public init(base: UInt16 = 0xF4, onExit: @escaping @Sendable (UInt32) -> Void) {
    let base = min(base, 0xFFFC)
    ports = base...(base + 3)
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

  /// Reports the value, of whatever width.
  public func write(port: UInt16, size: Int, value: UInt32) {
    switch size {
    case 1: onExit(value & 0xFF)
    case 2: onExit(value & 0xFFFF)
    default: onExit(value)
    }
  }
}
