/// Accesses to an 8-bit device that are wider than a byte.
///
/// The ISA bus splits them into byte cycles at consecutive ports, the low byte first. Ports wrap
/// at 64 KiB, as the 16 address lines do.
enum ISACycle {
  /// Reads `size` (1 to 4) bytes, lowest port first.
  @inline(__always)
  static func read(port: UInt16, size: Int, byte: (UInt16) -> UInt8) -> UInt32 {
    if size == 1 { return UInt32(byte(port)) }
    var value: UInt32 = 0
    for lane in 0..<lanes(size) {
      value |= UInt32(byte(port &+ UInt16(lane))) << UInt32(8 * lane)
    }
    return value
  }

  /// Writes `size` (1 to 4) bytes, lowest port first.
  @inline(__always)
  static func write(port: UInt16, size: Int, value: UInt32, byte: (UInt16, UInt8) -> Void) {
    if size == 1 { return byte(port, UInt8(truncatingIfNeeded: value)) }
    for lane in 0..<lanes(size) {
      byte(port &+ UInt16(lane), UInt8(truncatingIfNeeded: value >> UInt32(8 * lane)))
    }
  }

  /// x86 knows widths of 1, 2 and 4 bytes; any other number is brought into that range.
  private static func lanes(_ size: Int) -> Int { min(max(size, 1), 4) }
}
