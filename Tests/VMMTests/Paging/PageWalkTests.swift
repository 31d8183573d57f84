import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Page walks")
struct PageWalkTests {
  private static let present: UInt64 = 1
  private static let large: UInt64 = 1 << 7
  private let memory: GuestMemory

  init() throws { memory = try GuestMemory(size: 2 << 20) }

  private func store(_ value: UInt64, at address: UInt64) {
    #expect(memory.store(value, at: GuestAddress(address)))
  }

  private func store32(_ value: UInt32, at address: UInt64) {
    #expect(memory.store(value, at: GuestAddress(address)))
  }

  private func registers(cr3: UInt64, cr4: UInt64 = 0, isLong: Bool = false) -> SpecialRegisters {
    var special = SpecialRegisters()
    special.cr0 = ControlRegister.protectionEnable | ControlRegister.paging
    special.cr3 = cr3
    special.cr4 = cr4
    special.efer =
      isLong ? ControlRegister.longModeActive | ControlRegister.noExecuteEnable : 0
    return special
  }

  private var long: SpecialRegisters {
    registers(cr3: 0x1000, cr4: ControlRegister.physicalAddressExtension, isLong: true)
  }

  @Test("without paging a linear address is a physical one of 32 bits")
  func unpaged() {
    let walk = PageWalk(0x1_0000_1234, SpecialRegisters(), in: memory)
    #expect(walk.outcome == .unpaged(0x1234))
    #expect(walk.entries == [])
    #expect(walk.paging == "paging is off")
  }

  @Test("4-level paging, a 4 KiB page in the upper half")
  func fourLevels() {
    // Indices 511, 1, 2, 3.
    let linear: UInt64 = 0xFFFF_FF80_4040_3ABC
    store(0x2000 | Self.present, at: 0x1000 + 511 * 8)
    store(0x3000 | Self.present, at: 0x2000 + 1 * 8)
    store(0x4000 | Self.present, at: 0x3000 + 2 * 8)
    // No-execute and the PAT bit, which is in a large page's place, are no part of the address.
    store(1 << 63 | 0x12_3000 | Self.large | Self.present, at: 0x4000 + 3 * 8)
    let walk = PageWalk(linear, long, in: memory)
    #expect(walk.paging == "4-level paging")
    #expect(walk.outcome == .mapped(physical: 0x12_3ABC, pageSize: 4096))
    #expect(walk.entries.map(\.name) == ["PML4E", "PDPTE", "PDE", "PTE"])
    #expect(walk.entries.map(\.index) == [511, 1, 2, 3])
    #expect(walk.entries.map(\.address) == [0x1FF8, 0x2008, 0x3010, 0x4018])
  }

  @Test("5-level paging takes one table more")
  func fiveLevels() {
    var special = long
    special.cr4 |= ControlRegister.linearAddresses57
    store(0x2000 | Self.present, at: 0x1000 + 1 * 8)
    store(0x3000 | Self.present, at: 0x2000)
    store(0x4000_0000 | Self.large | Self.present, at: 0x3000)
    let walk = PageWalk(0x0001_0000_1234_5678, special, in: memory)
    #expect(walk.paging == "5-level paging")
    #expect(walk.entries.map(\.name) == ["PML5E", "PML4E", "PDPTE"])
    #expect(walk.outcome == .mapped(physical: 0x5234_5678, pageSize: 1 << 30))
    #expect(PageWalk(0x0100_0000_0000_0000, special, in: memory).outcome == .notCanonical)
  }

  @Test("2 MiB pages")
  func largePage() {
    store(0x2000 | Self.present, at: 0x1000)
    store(0x3000 | Self.present, at: 0x2000)
    store(0x60_0000 | Self.large | Self.present, at: 0x3000 + 8)
    let walk = PageWalk(0x3F_FFFF, long, in: memory)
    #expect(walk.outcome == .mapped(physical: 0x7F_FFFF, pageSize: 2 << 20))
  }

  @Test("PAE paging, whose first table has four entries anywhere")
  func pae() {
    let special = registers(cr3: 0x1020, cr4: ControlRegister.physicalAddressExtension)
    store(0x2000 | Self.present, at: 0x1020 + 3 * 8)
    store(0x3000 | Self.present, at: 0x2000 + 511 * 8)
    store(0x1_0000_5000 | Self.present, at: 0x3000 + 511 * 8)
    let walk = PageWalk(0xFFFF_FFFF, special, in: memory)
    #expect(walk.paging == "PAE paging")
    #expect(walk.entries.map(\.name) == ["PDPTE", "PDE", "PTE"])
    #expect(walk.outcome == .mapped(physical: 0x1_0000_5FFF, pageSize: 4096))
  }

  @Test("32-bit paging")
  func twoLevels() {
    let special = registers(cr3: 0x1000)
    store32(UInt32(0x2000 | Self.large | Self.present), at: 0x1000 + 1023 * 4)
    store32(UInt32(0xFFFF_F000 | Self.present), at: 0x2000 + 1 * 4)
    let walk = PageWalk(0xFFC0_1234, special, in: memory)
    #expect(walk.paging == "32-bit paging")
    #expect(walk.entries.map(\.index) == [1023, 1])
    #expect(walk.outcome == .mapped(physical: 0xFFFF_F234, pageSize: 4096))
  }

  @Test("4 MiB pages need CR4.PSE, and reach beyond 4 GiB")
  func pageSizeExtensions() {
    let special = registers(cr3: 0x1000, cr4: ControlRegister.pageSizeExtensions)
    // Bits 13 and up of the entry are bits 32 and up of the address.
    store32(UInt32(0x40_0000 | 1 << 13 | Self.large | Self.present), at: 0x1000)
    #expect(
      PageWalk(0x3456, special, in: memory).outcome
        == .mapped(physical: 0x1_0040_3456, pageSize: 4 << 20))
    #expect(
      PageWalk(0x3456, registers(cr3: 0x1000), in: memory).outcome == .tableOutsideRAM(0x40_2000))
  }

  @Test("a walk stops at the first entry that is not present")
  func notPresent() {
    store(0x2000 | Self.present, at: 0x1000)
    store(0x3000, at: 0x2000)
    let walk = PageWalk(0, long, in: memory)
    #expect(walk.outcome == .notPresent)
    #expect(walk.physical == nil)
    #expect(walk.entries.map(\.value) == [0x2001, 0x3000])
    #expect(walk.failure == "its PDPTE is not present")
  }

  @Test("reserved bits, addresses that are not canonical, tables that are nowhere")
  func invalid() {
    store(0x2000 | Self.large | Self.present, at: 0x1000)
    #expect(PageWalk(0, long, in: memory).outcome == .reservedBits)
    #expect(PageWalk(0x8000_0000_0000, long, in: memory).outcome == .notCanonical)
    var special = long
    special.cr3 = 0x000F_FFFF_FFFF_F000
    #expect(PageWalk(0, special, in: memory).outcome == .tableOutsideRAM(0x000F_FFFF_FFFF_F000))
  }

  @Test("a table that names itself ends after as many entries as there are levels")
  func loop() {
    store(0x1000 | Self.present, at: 0x1000)
    let walk = PageWalk(0x123, long, in: memory)
    #expect(walk.entries.count == 4)
    #expect(walk.outcome == .mapped(physical: 0x1123, pageSize: 4096))
  }

  @Test("random tables in every paging mode are walked in bounds")
  func hostile() {
    let seed: UInt64 = 0x0DDB_A115
    var random = SplitMix64(seed: seed)
    for address in stride(from: UInt64(0), to: 2 << 20, by: 8) {
      // Mostly present, mostly within RAM, so that walks get far.
      let value = random.next()
      _ = memory.store(
        value & (value & 0x700 == 0 ? UInt64.max : 0x80_0000_001F_FFFF) | 1,
        at: GuestAddress(address))
    }
    for _ in 0..<20_000 {
      var special = SpecialRegisters()
      special.cr0 = ControlRegister.paging
      special.cr3 = random.next() & (random.next() & 1 == 0 ? UInt64.max : 0x1F_FFFF)
      special.cr4 = random.next()
      special.efer = random.next()
      let walk = PageWalk(random.next(), special, in: memory)
      #expect(walk.entries.count <= 5, "seed \(seed)")
      #expect(walk.entries.allSatisfy { $0.address < 2 << 20 }, "seed \(seed)")
      #expect((walk.physical == nil) != (walk.failure == "nothing is there"), "seed \(seed)")
    }
  }
}
