import TestSupport
import Testing

@testable import VMM

@Suite(.timeLimit(.minutes(5)))
struct PageTableTests {
  /// What the tables translate `address` to, with the access rights of all levels; as a processor
  /// walks them (Intel SDM volume 3, section 4.5).
  private func walk(_ address: UInt64, _ memory: GuestMemory) -> (physical: UInt64, flags: UInt64)?
  {
    var table: UInt64 = 0x1_0000
    var flags: UInt64 = 7
    for shift: UInt64 in [39, 30, 21] {
      let index = address >> shift & 511
      guard let bytes = memory.read(8, at: GuestAddress(table + index * 8)) else { return nil }
      let entry: UInt64 = bytes.word(at: 0)
      guard entry & 1 != 0 else { return nil }
      flags &= entry
      table = entry & 0x000F_FFFF_FFFF_F000
      if shift == 21 {
        guard entry & 0x80 != 0 else { return nil }
        return (table & ~0x1F_FFFF | address & 0x1F_FFFF, flags & 7)
      }
      guard entry & 0x80 == 0 else { return nil }
    }
    return nil
  }

  @Test(
    "the first 4 GiB and all RAM are mapped one to one, for user code, too",
    arguments: [2 << 20, 64 << 20, 3 << 30, (3 << 30) + 4096, 5 << 30, 64 << 30] as [UInt64])
  func identity(memorySize: UInt64) throws {
    let memory = try GuestMemory(size: Int(memorySize))
    PageTables.write(to: memory)
    let end = max(4 << 30, memory.end.rawValue)
    var generator = SplitMix64(seed: memorySize)
    var samples: [UInt64] = [0, end - 1, (4 << 30) - 1]
    for _ in 0..<200 { samples.append(generator.next() % end) }
    for address in samples {
      let translation = walk(address, memory)
      #expect(translation?.physical == address)
      #expect(translation?.flags == 7, "\(GuestAddress(address))")
    }
    // The tables map whole GiB.
    let mappedEnd = (end + (1 << 30) - 1) & ~((1 << 30) - 1)
    #expect(walk(mappedEnd, memory) == nil)
  }

  @Test(
    "the tables end where they say",
    arguments: [
      (2 << 20, 0x1_6000), (3 << 30, 0x1_6000), ((3 << 30) + 4096, 0x1_7000), (5 << 30, 0x1_8000),
      (64 << 30, 0x1_2000 + 65 * 0x1000),
    ] as [(UInt64, UInt64)])
  func end(memorySize: UInt64, expected: UInt64) throws {
    let end = PageTables.end(memorySize: memorySize)
    #expect(end.rawValue == expected)
    #expect(end <= MemoryMap.pageTablesEnd)
    let memory = try GuestMemory(size: Int(memorySize))
    PageTables.write(to: memory)
    let lastTable = try #require(memory.read(4096, at: GuestAddress(expected - 4096)))
    #expect(lastTable.contains { $0 != 0 })
    let rest = try #require(
      memory.read(Int(MemoryMap.pageTablesEnd.rawValue - expected), at: end))
    #expect(rest.allSatisfy { $0 == 0 })
  }
}
