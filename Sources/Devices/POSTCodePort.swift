import Synchronization

/// The diagnostic port of a PC, at which its firmware tells how far the power-on self test has come.
///
/// A small display on the board shows the last code. This one remembers the last eight, for the
/// report of a guest that crashed.
///
/// Others write to the port only because that takes a microsecond on an ISA bus (`outb %al, $0x80`),
/// in loops and with whatever AL holds. So a code that repeats the one before leaves no trace: it
/// costs one relaxed load, and does not push out those that tell something.
public final class POSTCodePort: PortIODevice {
  /// Port 0x80 alone: those behind it are the DMA controllers' page registers.
  public static let ports: ClosedRange<UInt16> = 0x80...0x80
  /// How many codes are remembered.
  public static let capacity = 8

  /// A code a byte, the last one lowest.
  private let codes = Atomic<UInt64>(0)
  /// How many codes were recorded, so that zeros are told from nothing.
  private let count = Atomic<UInt64>(0)

  /// Creates the port, with no code seen.
  public init() {}

  /// The last codes, at most ``capacity``, in the order of writing.
  public var recentCodes: [UInt8] {
    let known = Int(min(count.load(ordering: .relaxed), UInt64(Self.capacity)))
    let codes = codes.load(ordering: .relaxed)
    return (0..<known).reversed().map { UInt8(truncatingIfNeeded: codes >> UInt64(8 * $0)) }
  }

  /// Reads the last code, 0 if there was none, and 0xFF in the other bytes of a wide access.
  public func read(port: UInt16, size: Int) -> UInt32 {
    0xFFFF_FF00 | UInt32(UInt8(truncatingIfNeeded: codes.load(ordering: .relaxed)))
  }

  /// Records the code; the other bytes of a wide access belong to other ports.
  public func write(port: UInt16, size: Int, value: UInt32) {
    let code = UInt8(truncatingIfNeeded: value)
    var old = codes.load(ordering: .relaxed)
    if UInt8(truncatingIfNeeded: old) == code, count.load(ordering: .relaxed) != 0 { return }
    while true {
      let (exchanged, current) = codes.weakCompareExchange(
        expected: old, desired: old << 8 | UInt64(code), ordering: .relaxed)
      if exchanged { break }
      old = current
    }
    count.wrappingAdd(1, ordering: .relaxed)
  }
}
