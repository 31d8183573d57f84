import Synchronization

/// The memory of QEMU's `pc-testdev`: bytes that keep what is written to them, each access an exit. For
/// tests of how a hypervisor emulates instructions on device memory.
public final class PCTestMemory: MMIODevice {
  /// The guest physical address.
  public static let address: UInt64 = 0xFF00_0000
  /// Bytes.
  public static let size: UInt64 = 0x1_0000

  private let bytes = Mutex([UInt8](repeating: 0, count: Int(size)))

  /// Creates the memory, all zero.
  public init() {}

  /// Zeroes all bytes.
  public func reset() {
    bytes.withLock { bytes in
      for index in bytes.indices { bytes[index] = 0 }
    }
  }

  /// Reads what was written; zeros beyond the end.
  public func read(offset: UInt64, size: Int) -> UInt64 {
    bytes.withLock { bytes in
      var value: UInt64 = 0
      for index in Self.indices(offset, size).reversed() {
        value = value << 8 | UInt64(bytes[index])
      }
      return value
    }
  }

  /// Keeps what is written; what lies beyond the end is dropped.
  public func write(offset: UInt64, size: Int, value: UInt64) {
    bytes.withLock { bytes in
      var rest = value
      for index in Self.indices(offset, size) {
        bytes[index] = UInt8(truncatingIfNeeded: rest)
        rest >>= 8
      }
    }
  }

  private static func indices(_ offset: UInt64, _ size: Int) -> Range<Int> {
    let start = Int(min(offset, Self.size))
    return start..<start + min(max(0, size), Int(Self.size) - start)
  }
}
