/// The debug console of Bochs and QEMU (`isa-debugcon`): a port that prints.
public final class DebugConsole: PortIODevice {
  /// What reading the port returns, so that a guest can tell that the console is there.
  public static let readback: UInt8 = 0xE9

  /// The one port.
  public let ports: ClosedRange<UInt16>
  private let output: any ByteSink

  /// Creates the device.
  ///
  /// - Parameters:
  ///   - port: The I/O port.
  ///   - output: Takes what the guest prints.
  public init(port: UInt16 = 0xE9, output: any ByteSink) {
    ports = port...port
    self.output = output
  }

  /// Reads ``readback``, and 0xFF in the other bytes of a wide access.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { ports.contains($0) ? Self.readback : 0xFF }
  }

  /// Prints the byte; the other bytes of a wide access belong to other ports.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { port, byte in
      guard ports.contains(port) else { return }
      output.write(byte)
    }
  }
}
