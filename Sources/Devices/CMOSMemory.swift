/// What a PC keeps in the battery-backed memory of its real-time clock.
///
/// After the "CMOS RAM" tables of the IBM PC AT Technical Reference, and, for memory beyond 16 MiB,
/// after Bochs and QEMU.
public enum CMOSMemory {
  /// Bytes in all, the clock's registers included.
  public static let size = 128

  /// Indices; of a number of several bytes the lowest.
  public enum Index {
    /// What the firmware's self test found wrong with the memory: nothing.
    public static let diagnosticStatus: UInt8 = 0x0E
    /// How the firmware goes on after a reset: 0 for from the start.
    public static let shutdownStatus: UInt8 = 0x0F
    /// The types of two floppy drives: none.
    public static let floppyTypes: UInt8 = 0x10
    /// A coprocessor, a pointing device, an adapter with a firmware of its own.
    public static let equipment: UInt8 = 0x14
    /// KiB below 1 MiB, 16 bits.
    public static let baseMemory: UInt8 = 0x15
    /// KiB from 1 MiB on, 16 bits, as the user configured it.
    public static let extendedMemory: UInt8 = 0x17
    /// The sum of the bytes 0x10 to 0x2D, 16 bits, here alone the high byte first.
    public static let checksum: UInt8 = 0x2E
    /// KiB from 1 MiB on, 16 bits, as the self test found it.
    public static let extendedMemoryFound: UInt8 = 0x30
    /// The year's first two digits; part of the date.
    public static let century: UInt8 = 0x32
    /// Units of 64 KiB from 16 MiB on, below 4 GiB, 16 bits.
    public static let memoryAbove16MiB: UInt8 = 0x34
    /// Units of 64 KiB from 4 GiB on, 24 bits.
    public static let memoryAbove4GiB: UInt8 = 0x5B
  }

  static let equipment: UInt8 = 0b0000_0110

  /// The memory of a PC without drives, as its firmware would leave it; the clock's registers zero.
  ///
  /// - Parameters:
  ///   - memoryBelow4GiB: Bytes of RAM from 0 on, below 4 GiB.
  ///   - memoryAbove4GiB: Bytes of RAM from 4 GiB on.
  /// - Returns: ``size`` bytes. Sizes that do not fit are given as the largest that does.
  public static func contents(memoryBelow4GiB: UInt64, memoryAbove4GiB: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    func put(_ value: UInt64, at index: UInt8, count: Int) {
      let limited = min(value, 1 << UInt64(8 * count) - 1)
      for byte in 0..<count {
        bytes[Int(index) + byte] = UInt8(truncatingIfNeeded: limited >> UInt64(8 * byte))
      }
    }
    func memory(above start: UInt64) -> UInt64 { memoryBelow4GiB - min(memoryBelow4GiB, start) }
    bytes[Int(Index.equipment)] = equipment
    put(min(memoryBelow4GiB, 640 << 10) >> 10, at: Index.baseMemory, count: 2)
    put(memory(above: 1 << 20) >> 10, at: Index.extendedMemory, count: 2)
    put(memory(above: 1 << 20) >> 10, at: Index.extendedMemoryFound, count: 2)
    put(memory(above: 16 << 20) >> 16, at: Index.memoryAbove16MiB, count: 2)
    put(memoryAbove4GiB >> 16, at: Index.memoryAbove4GiB, count: 3)
    let sum = bytes[0x10...0x2D].reduce(UInt16(0)) { $0 &+ UInt16($1) }
    bytes[Int(Index.checksum)] = UInt8(truncatingIfNeeded: sum >> 8)
    bytes[Int(Index.checksum) + 1] = UInt8(truncatingIfNeeded: sum)
    return bytes
  }
}
