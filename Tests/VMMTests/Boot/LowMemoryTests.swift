import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// What lies in low memory at entry, as `guests/README.md` documents it: that, and nothing else.
  @Suite struct LowMemoryTests {
    private static let end = 0x10_0000

    private func lowMemory(_ mode: CPUMode) throws -> [UInt8] {
      let image = try FlatImage.code([0xF4], mode: mode)
      let machine = try TestMachine(image) { $0.framebuffer = nil }
      var memory = try #require(machine.machine.readMemory(Self.end, at: 0))
      if mode == .real { memory[0x7C00] = 0 }
      // The boot-information block has tests of its own.
      #expect(memory[0x6000..<0x6004] == [0x53, 0x43, 0x4E, 0x4C])
      memory.replaceSubrange(0x6000..<0x7000, with: [UInt8](repeating: 0, count: 0x1000))
      // And so have the ACPI and MP tables.
      #expect(memory[0xF_0000..<0xF_0008].elementsEqual("RSD PTR ".utf8))
      memory.replaceSubrange(0xF_0000..<0x10_0000, with: [UInt8](repeating: 0, count: 0x1_0000))
      return memory
    }

    /// Where `memory` differs from `expected`; nil if nowhere.
    private func firstDifference(_ memory: [UInt8], _ expected: [UInt8]) -> GuestAddress? {
      guard memory != expected else { return nil }
      return memory.indices.first { memory[$0] != expected[$0] }.map { GuestAddress(UInt64($0)) }
    }

    private func expected(_ fill: (inout [UInt8]) -> Void) -> [UInt8] {
      var memory = [UInt8](repeating: 0, count: Self.end)
      fill(&memory)
      return memory
    }

    private func fillDescriptorTables(_ memory: inout [UInt8]) {
      let table: [UInt64] = [
        0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF, 0x00CF_9B00_0000_FFFF,
        0x00CF_F300_0000_FFFF, 0x00AF_FB00_0000_FFFF, 0x00CF_FB00_0000_FFFF,
        0x0000_8B00_2000_2068, 0,
      ]
      memory.replace(at: 0x1000, with: table.flatMap(little))
      memory.replace(at: 0x2004, with: little(UInt32(0x9_0000)))
      memory.replace(at: 0x2066, with: little(UInt16(0x68)))
      memory[0x2068 + 8192] = 0xFF
    }

    @Test("real mode finds nothing else")
    func real() throws {
      #expect(firstDifference(try lowMemory(.real), expected { _ in }) == nil)
    }

    @Test("protected mode finds GDT and TSS")
    func protected() throws {
      let expected = expected { memory in
        fillDescriptorTables(&memory)
        memory.replace(at: 0x2008, with: little(UInt16(0x10)))  // SS0
      }
      #expect(firstDifference(try lowMemory(.protected), expected) == nil)
    }

    @Test("long mode finds GDT, TSS and page tables for 4 GiB")
    func long() throws {
      let expected = expected { memory in
        fillDescriptorTables(&memory)
        memory.replace(at: 0x1_0000, with: little(UInt64(0x1_1007)))
        for index in 0..<4 {
          let directory = 0x1_2000 + index * 0x1000
          memory.replace(at: 0x1_1000 + index * 8, with: little(UInt64(directory | 7)))
          for entry in 0..<512 {
            memory.replace(
              at: directory + entry * 8, with: little(UInt64((index * 512 + entry) << 21 | 0x87)))
          }
        }
      }
      #expect(firstDifference(try lowMemory(.long), expected) == nil)
    }
  }
}

extension [UInt8] {
  fileprivate mutating func replace(at offset: Int, with bytes: [UInt8]) {
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}
