import Synchronization

/// The reset control register (0xCF9) of Intel's chipsets.
///
/// Bit 2 going from 0 to 1 resets the machine; bit 1 (and bit 3, a power cycle) says how, which
/// makes no difference here. The register lies in the middle of PCI's CONFIG_ADDRESS and shares
/// only the number with it: it is a byte, and only an access that begins at 0xCF9 reaches it.
public final class ResetControlRegister: PortIODevice {
  /// The one port.
  public static let ports: ClosedRange<UInt16> = 0xCF9...0xCF9

  private static let resetCPU: UInt8 = 0x04
  /// Full reset, reset CPU and system reset; the others read 0.
  private static let implemented: UInt8 = 0x0E

  private let onReset: @Sendable (ResetCause) -> Void
  private let latch = Mutex<UInt8>(0)

  /// Creates the register.
  ///
  /// - Parameter onReset: Called on the thread of the virtual CPU that asks for a reset, without a
  ///   lock; that the CPU must not run on is the business of whoever takes the call.
  public init(onReset: @escaping @Sendable (ResetCause) -> Void) { self.onReset = onReset }

  /// Reads the register, and 0xFF in the other bytes of a wide access.
  public func read(port: UInt16, size: Int) -> UInt32 {
    guard Self.ports.contains(port) else { return .max }
    return 0xFFFF_FF00 | UInt32(latch.withLock { $0 })
  }

  /// Writes the register, and resets on a rising bit 2.
  public func write(port: UInt16, size: Int, value: UInt32) {
    guard Self.ports.contains(port) else { return }
    let byte = UInt8(truncatingIfNeeded: value) & Self.implemented
    let isReset = latch.withLock { latch in
      defer { latch = byte }
      return byte & ~latch & Self.resetCPU != 0
    }
    if isReset { onReset(.resetControlRegister) }
  }

  /// The state at power-on, for a machine that starts anew.
  public func reset() { latch.withLock { $0 = 0 } }
}
