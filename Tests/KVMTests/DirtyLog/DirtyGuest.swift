import CKVM
import KVM
import TestSupport

/// A guest that writes one byte into each page it is told to, in a logged slot whose size is no
/// multiple of 64 pages.
final class DirtyGuest {
  static let pageCount = 331
  static let base: UInt64 = 0x1000_0000

  let guest: Guest
  let memory: MemoryRegion
  let slot: MemorySlot

  /// - Parameter exiting: Whether the guest exits after each write, by `out 0x10, al`.
  init(exiting: Bool = false, prepare: (borrowing VirtualMachine) throws -> Void = { _ in }) throws
  {
    guest = try Guest(
      .protected,
      code: [
        0xAD,  // lodsd
        0xFE, 0x00,  // inc byte [eax]
      ] + (exiting ? [0xE6, 0x10, 0xE2, 0xF9] : [0xE2, 0xFB])  // out 0x10, al; loop to lodsd
        + [0xF4],  // hlt
      prepare: prepare)
    memory = try MemoryRegion(size: Self.pageCount * MemorySlot.pageSize)
    slot = try guest.machine.makeMemorySlot(
      index: 1, guestAddress: Self.base, memory: memory, flags: .logDirtyPages)
  }

  /// Lets the guest write to these pages; returns at its HLT, or at another exit.
  func write(_ pages: [Int]) throws -> VCPUExit {
    var table: [UInt8] = []
    for page in pages {
      let address = UInt32(Self.base) + UInt32(page * MemorySlot.pageSize + page)
      for shift: UInt32 in [0, 8, 16, 24] {
        table.append(UInt8(truncatingIfNeeded: address >> shift))
      }
    }
    guest.write(table, at: Guest.dataAddress)
    try guest.enter()
    var registers = try guest.vcpu.registers()
    registers.rsi = Guest.dataAddress
    registers.rcx = UInt64(pages.count)
    try guest.vcpu.setRegisters(registers)
    return try guest.run()
  }

  /// Some pages, the last one of the slot among them in every other round.
  static func somePages(_ random: inout SplitMix64) -> [Int] {
    var pages = (0..<Int.random(in: 1...40, using: &random)).map { _ in
      Int.random(in: 0..<pageCount, using: &random)
    }
    if Bool.random(using: &random) { pages.append(pageCount - 1) }
    return pages
  }
}
