import Testing

@testable import VMM

/// The ACPI tables, parsed as a kernel does.
@Suite struct ACPITableTests {
  @Test("RSDP, RSDT and XSDT lead to the same tables", arguments: [1, 8, 254] as [UInt8])
  func roots(cpuCount: UInt8) throws {
    let memory = try PhysicalMemory(.whole(cpuCount: cpuCount))
    #expect(memory.find("RSD PTR ") == [0xF_0000])
    let rsdp = try memory.rsdp().bytes
    #expect(Array(rsdp[9..<15]) == Array("SCNLNE".utf8))
    #expect(rsdp[15] == 2)
    #expect(rsdp.word(at: 20) == 36 as UInt32)
    let rsdt = try memory.table(at: UInt64(rsdp.word(at: 16, as: UInt32.self)))
    let xsdt = try memory.table(at: rsdp.word(at: 24))
    #expect(rsdt.signature == "RSDT")
    #expect(xsdt.signature == "XSDT")
    #expect(rsdt.entries(of: UInt32.self).map(UInt64.init) == xsdt.entries(of: UInt64.self))
    #expect(try memory.rootTables().map(\.signature) == ["FACP", "APIC"])
  }

  @Test("every header names us and a revision")
  func headers() throws {
    let memory = try PhysicalMemory(.whole())
    let revisions = try (memory.rootTables() + [memory.dsdt()]).map { table in
      #expect(Array(table.bytes[10..<16]) == Array("SCNLNE".utf8))
      #expect(Array(table.bytes[16..<24]) == Array("SCANLINE".utf8))
      return [table.signature: table.bytes[8]]
    }
    #expect(revisions == [["FACP": 6], ["APIC": 5], ["DSDT": 2]])
  }

  @Test("tables do not overlap, and leave nothing beside them", arguments: [1, 254] as [UInt8])
  func layout(cpuCount: UInt8) throws {
    let memory = try PhysicalMemory(.whole(cpuCount: cpuCount))
    let rsdp = try memory.rsdp().bytes
    let fadt = try memory.rootTable("FACP").bytes
    let xsdt: UInt64 = rsdp.word(at: 24)
    let mp = Int(memory.bytes.word(at: 0xF_0034, as: UInt32.self))
    var ranges = [
      0xF_0000..<0xF_0024, 0xF_0030..<0xF_0040, 0xF_0040..<0xF_0080,
      mp..<mp + Int(memory.bytes.word(at: mp + 4, as: UInt16.self)),
    ]
    let addresses =
      [xsdt, UInt64(rsdp.word(at: 16, as: UInt32.self)), fadt.word(at: 140)]
      + (try memory.table(at: xsdt).entries(of: UInt64.self))
    for address in addresses {
      ranges.append(Int(address)..<Int(address) + (try memory.table(at: address).bytes.count))
    }
    ranges.sort { $0.lowerBound < $1.lowerBound }
    for (left, right) in zip(ranges, ranges.dropFirst()) {
      #expect(left.upperBound <= right.lowerBound)
    }
    var rest = memory.bytes
    for range in ranges { rest.replaceSubrange(range, with: repeatElement(0, count: range.count)) }
    #expect(rest.allSatisfy { $0 == 0 })
    #expect(try #require(ranges.last).upperBound <= 0x10_0000)
  }

  @Test("FADT: the fixed hardware, and what there is of a PC")
  func fadt() throws {
    let memory = try PhysicalMemory(.whole())
    let fadt = try memory.rootTable("FACP").bytes
    #expect(fadt.count == 276)
    #expect(fadt.word(at: 40, as: UInt32.self) == UInt32(fadt.word(at: 140, as: UInt64.self)))
    #expect(fadt.word(at: 46) == 9 as UInt16)  // SCI_INT
    #expect(fadt.word(at: 48) == 0xB2 as UInt32)  // SMI_CMD
    #expect(Array(fadt[52..<56]) == [2, 3, 0, 0])
    let blocks = stride(from: 56, to: 88, by: 4).map { fadt.word(at: $0, as: UInt32.self) }
    #expect(blocks == [0x600, 0, 0x604, 0, 0, 0x608, 0, 0])
    #expect(Array(fadt[88..<96]) == [4, 2, 0, 4, 0, 0, 0, 0])
    #expect(fadt.word(at: 96, as: UInt16.self) > 100)  // no C2
    #expect(fadt.word(at: 98, as: UInt16.self) > 1000)  // no C3
    #expect(Array(fadt[100..<108]) == [0, 0, 0, 0, 0, 0, 0, 0])
    #expect(fadt[108] == 0x32)  // CENTURY
    #expect(fadt.word(at: 109) == 0b111 as UInt16)  // legacy devices, 8042, no VGA
    // WBINVD, PROC_C1, PWR_BUTTON, SLP_BUTTON, FIX_RTC, TMR_VAL_EXT, RESET_REG_SUP
    #expect(fadt.word(at: 112) == 0b101_0111_0101 as UInt32)
    #expect(fadt[131] == 4)  // 6.4
  }

  @Test("FADT: a VGA is told", arguments: [(false, 0b111), (true, 0b011)] as [(Bool, UInt16)])
  func vga(hasVGA: Bool, flags: UInt16) throws {
    var tables = FirmwareTables.whole()
    tables.hasVGA = hasVGA
    #expect(try PhysicalMemory(tables).rootTable("FACP").bytes.word(at: 109) == flags)
  }

  @Test("FADT: the generic addresses repeat the ports")
  func genericAddresses() throws {
    let fadt = try PhysicalMemory(.whole()).rootTable("FACP").bytes
    func address(at offset: Int) -> [UInt8] { Array(fadt[offset..<offset + 12]) }
    #expect(address(at: 116) == [1, 8, 0, 1] + little(UInt64(0xCF9)))
    #expect(fadt[128] == 6)
    let none = [UInt8](repeating: 0, count: 12)
    #expect(
      stride(from: 148, to: 268, by: 12).map(address(at:)) == [
        [1, 32, 0, 2] + little(UInt64(0x600)), none, [1, 16, 0, 2] + little(UInt64(0x604)), none,
        none, [1, 32, 0, 3] + little(UInt64(0x608)), none, none, none, none,
      ])
  }

  @Test("FACS: 64 bytes at a multiple of 64, its address given once")
  func facs() throws {
    let memory = try PhysicalMemory(.whole())
    let fadt = try memory.rootTable("FACP").bytes
    #expect(fadt.word(at: 132) == 0 as UInt64)
    let address = Int(fadt.word(at: 36, as: UInt32.self))
    #expect(address % 64 == 0)
    let facs = Array(memory.bytes[address..<address + 64])
    let expected =
      Array("FACS".utf8) + little(UInt32(64)) + [UInt8](repeating: 0, count: 24) + [2]
      + [UInt8](repeating: 0, count: 31)
    #expect(facs == expected)
  }

  @Test("MADT: all of it", arguments: [1, 2, 254] as [UInt8])
  func madt(cpuCount: UInt8) throws {
    let madt = try PhysicalMemory(.whole(cpuCount: cpuCount)).rootTable("APIC")
    var expected = little(UInt32(0xFEE0_0000)) + [1, 0, 0, 0]
    for id in 0..<cpuCount { expected += [0, 8, id, id, 1, 0, 0, 0] }
    expected += [1, 12, 0, 0] + little(UInt32(0xFEC0_0000)) + little(UInt32(0))
    expected += [2, 10, 0, 0, 2, 0, 0, 0, 0, 0]  // IRQ 0 is input 2
    expected += [2, 10, 0, 9, 9, 0, 0, 0, 0x0D, 0]  // the SCI: active high, level
    expected += [4, 6, 0xFF, 0, 0, 1]
    #expect(madt.body == expected)
  }

  @Test("MADT without an I/O APIC has no overrides")
  func noIOAPIC() throws {
    var tables = FirmwareTables.whole(cpuCount: 2)
    tables.ioAPICVersion = nil
    let madt = try PhysicalMemory(tables).rootTable("APIC")
    let expected: [[UInt8]] = [
      little(UInt32(0xFEE0_0000)), [1, 0, 0, 0], [0, 8, 0, 0, 1, 0, 0, 0],
      [0, 8, 1, 1, 1, 0, 0, 0], [4, 6, 0xFF, 0, 0, 1],
    ]
    #expect(madt.body == Array(expected.joined()))
  }

  @Test("without local APICs there are neither MADT nor MP table")
  func noLocalAPIC() throws {
    var tables = FirmwareTables.whole()
    tables.hasLocalAPIC = false
    let memory = try PhysicalMemory(tables)
    #expect(try memory.rootTables().map(\.signature) == ["FACP"])
    #expect(memory.find("_MP_").isEmpty)
    #expect(memory.find("PCMP").isEmpty)
  }
}
