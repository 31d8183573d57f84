import Testing

@testable import VMM

/// The MP tables, parsed as a kernel without ACPI does.
@Suite struct MPTableTests {
  /// The configuration table, found by way of the floating pointer.
  private func table(_ tables: FirmwareTables) throws -> [UInt8] {
    let memory = try PhysicalMemory(tables)
    let found = memory.find("_MP_")
    try #require(found == [0xF_0030])
    let pointer = Array(memory.bytes[found[0]..<found[0] + 16])
    try #require(pointer.sum == 0)
    #expect(Array(pointer[8..<10]) == [1, 4])
    #expect(Array(pointer[11...]) == [0, 0, 0, 0, 0])
    let address = Int(pointer.word(at: 4, as: UInt32.self))
    let length = Int(memory.bytes.word(at: address + 4, as: UInt16.self))
    let table = Array(memory.bytes[address..<address + length])
    try #require(table.sum == 0)
    return table
  }

  /// The entries behind the header, each as its bytes.
  private func entries(of table: [UInt8]) throws -> [[UInt8]] {
    var entries: [[UInt8]] = []
    var rest = table.dropFirst(44)
    while let type = rest.first {
      let size = type == 0 ? 20 : 8
      try #require(type <= 4 && rest.count >= size)
      entries.append(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    return entries
  }

  @Test("the header", arguments: [1, 254] as [UInt8])
  func header(cpuCount: UInt8) throws {
    let table = try table(.whole(cpuCount: cpuCount))
    #expect(Array(table[0..<4]) == Array("PCMP".utf8))
    #expect(table[6] == 4)
    #expect(Array(table[8..<28]) == Array("SCNLNE  SCANLINE    ".utf8))
    #expect(Array(table[28..<34]) == [0, 0, 0, 0, 0, 0])
    #expect(table.word(at: 34) == UInt16(try entries(of: table).count))
    #expect(table.word(at: 36) == 0xFEE0_0000 as UInt32)
    #expect(Array(table[40..<44]) == [0, 0, 0, 0])
  }

  @Test("processors, the first of which starts", arguments: [1, 4, 254] as [UInt8])
  func processors(cpuCount: UInt8) throws {
    let processors = try entries(of: try table(.whole(cpuCount: cpuCount))).filter { $0[0] == 0 }
    #expect(processors.count == Int(cpuCount))
    for (id, entry) in processors.enumerated() {
      #expect(Array(entry[1..<4]) == [UInt8(id), 0x14, id == 0 ? 3 : 1])
      #expect(entry.word(at: 4) == 0x000A_0671 as UInt32)
      #expect(entry.word(at: 8) == 0x1F8B_FBFF as UInt32)
      #expect(Array(entry[12...]) == [0, 0, 0, 0, 0, 0, 0, 0])
    }
  }

  @Test("the bus, the I/O APIC and every interrupt")
  func wiring() throws {
    let entries = try entries(of: try table(.whole())).filter { $0[0] != 0 }
    let isa: [[UInt8]] = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map { irq in
      [3, 0, irq == 9 ? 0x0D : 0, 0, 0, irq, 0, irq == 0 ? 2 : irq]
    }
    let expected: [[UInt8]] =
      [
        [1, 0] + Array("ISA   ".utf8), [2, 0, 0x11, 1] + little(UInt32(0xFEC0_0000)),
      ] + isa + [[4, 3, 0, 0, 0, 0, 0, 0], [4, 1, 0, 0, 0, 0, 0xFF, 1]]
    #expect(entries == expected)
  }

  @Test("without an I/O APIC only the local inputs are left")
  func noIOAPIC() throws {
    var tables = FirmwareTables.whole(cpuCount: 2)
    tables.ioAPICVersion = nil
    let types = try entries(of: try table(tables)).map { $0[0] }
    #expect(types == [0, 0, 1, 4, 4])
  }
}
