import Synchronization

/// System control port A (0x92) of the PS/2: A20 and a fast reset.
///
/// Bit 1 is the A20 gate, shared with the 8042. Bit 0 going from 0 to 1 resets the machine. The
/// other bits, disk lamps and a password lock, are only stored.
public final class SystemControlPortA: PortIODevice {
  /// The one port.
  public static let ports: ClosedRange<UInt16> = 0x92...0x92

  private static let reset: UInt8 = 0x01
  private static let a20: UInt8 = 0x02

  private let gate: A20Gate
  private let onReset: @Sendable (ResetCause) -> Void
  /// The bits as written, A20 excepted.
  private let latch = Mutex<UInt8>(0)

  /// Creates the port.
  ///
  /// - Parameters:
  ///   - a20: The gate that bit 1 is.
  ///   - onReset: Called on the thread of the virtual CPU that asks for a reset, without a lock;
  ///     that the CPU must not run on is the business of whoever takes the call.
  public init(a20: A20Gate, onReset: @escaping @Sendable (ResetCause) -> Void) {
    gate = a20
    self.onReset = onReset
  }

  /// Reads what was written, with bit 1 as the gate is now.
  public func read(port: UInt16, size: Int) -> UInt32 {
    ISACycle.read(port: port, size: size) { port in
      guard Self.ports.contains(port) else { return 0xFF }
      return latch.withLock { $0 | (gate.isEnabled ? Self.a20 : 0) }
    }
  }

  /// Sets the gate, and resets on a rising bit 0.
  public func write(port: UInt16, size: Int, value: UInt32) {
    ISACycle.write(port: port, size: size, value: value) { port, byte in
      guard Self.ports.contains(port) else { return }
      let isReset = latch.withLock { latch in
        let old = latch
        latch = byte & ~Self.a20
        gate.set(byte & Self.a20 != 0)
        return byte & ~old & Self.reset != 0
      }
      if isReset { onReset(.systemControlPortA) }
    }
  }

  /// The state at power-on, for a machine that starts anew; the gate is reset by its owner.
  public func reset() { latch.withLock { $0 = 0 } }
}
