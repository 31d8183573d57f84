/// The identity mapping of the long entry state: 2 MiB pages, user-accessible, over the first
/// 4 GiB and over all RAM beyond.
///
/// Intel SDM volume 3, section 4.5 (4-level paging).
enum PageTables {
  private static let pageSize: UInt64 = 4096
  private static let gibibyte: UInt64 = 1 << 30
  /// Present, writable, user.
  private static let table: UInt64 = 0b111
  /// Present, writable, user, page size.
  private static let largePage: UInt64 = 0b1000_0111

  private static func directoryCount(memorySize: UInt64) -> UInt64 {
    let beyond =
      memorySize > MemoryMap.lowMemoryEnd.rawValue
      ? memorySize - MemoryMap.lowMemoryEnd.rawValue : 0
    return 4 + (beyond + gibibyte - 1) / gibibyte
  }

  /// The end of the tables that map a machine with `memorySize` bytes of RAM.
  static func end(memorySize: UInt64) -> GuestAddress {
    GuestAddress(
      MemoryMap.pageTables.rawValue + (2 + directoryCount(memorySize: memorySize)) * pageSize)
  }

  /// Writes the tables. ``MemoryMap/maximumRAM`` keeps them below the initial stack.
  static func write(to memory: GuestMemory) {
    let root = MemoryMap.pageTables.rawValue
    let pointers = root + pageSize
    _ = memory.store(pointers | table, at: GuestAddress(root))
    for index in 0..<directoryCount(memorySize: UInt64(memory.size)) {
      let directory = pointers + (1 + index) * pageSize
      _ = memory.store(directory | table, at: GuestAddress(pointers + index * 8))
      _ = unsafe memory.fill(Int(pageSize), at: GuestAddress(directory)) { bytes in
        for entry in 0..<512 {
          let page = index * gibibyte + UInt64(entry) << 21
          unsafe bytes.storeBytes(
            of: (page | largePage).littleEndian, toByteOffset: entry * 8, as: UInt64.self)
        }
      }
    }
  }
}
