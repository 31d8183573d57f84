import SystemPackage
import Testing

@testable import KVM

@Suite("Memory regions and slots", .timeLimit(.minutes(5)))
struct MemorySlotTests {
  @Test func `a region is zero, writable, and of the size asked for`() throws {
    let region = try MemoryRegion(size: 8192)
    region.adviseHugePages()
    let bytes = unsafe region.bytes
    #expect(region.size == 8192)
    #expect(unsafe bytes.count == 8192 && bytes.allSatisfy { $0 == 0 })
    unsafe bytes[8191] = 7
    #expect(unsafe region.bytes[8191] == 7)
  }

  @Test(arguments: [0, -4096, 1, 4095, 4097])
  func `a region of no whole pages is refused`(size: Int) {
    let error = #expect(throws: KVMError.self) { _ = try MemoryRegion(size: size) }
    #expect(error?.operation == "mmap" && error?.errno == .invalidArgument)
  }

  @Test func `more memory than there are addresses is refused`() {
    let error = #expect(throws: KVMError.self) { _ = try MemoryRegion(size: 1 << 60) }
    #expect(error?.operation == "mmap" && error?.errno == .noMemory)
    #expect(error?.remedy != nil)
  }

  @Test(.needsKVM, arguments: [(4096, 4096), (-4096, 4096), (1, 4096), (0, 8192), (0, 0), (0, -1)])
  func `a slot that is not in its region is refused`(offset: Int, size: Int) throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let memory = try MemoryRegion(size: 4096)
    let error = #expect(throws: KVMError.self) {
      _ = try machine.makeMemorySlot(
        index: 0, guestAddress: 0, memory: memory, offset: offset, size: size)
    }
    #expect(error?.operation == "KVM_SET_USER_MEMORY_REGION" && error?.errno == .invalidArgument)
  }

  @Test(.needsKVM)
  func `overlapping, misaligned and repeated slots are refused`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    let memory = try MemoryRegion(size: 8192)
    let slot = try machine.makeMemorySlot(index: 0, guestAddress: 0x1000, memory: memory)
    let (index, address, size, pages) = (slot.index, slot.guestAddress, slot.size, slot.pageCount)
    #expect(index == 0 && address == 0x1000 && size == 8192 && pages == 2)
    let cases: [(index: UInt16, address: UInt64, errno: Int32)] = [
      (1, 0x2000, 17), (0, 0x10000, 17), (1, 0x10001, 22), (.max, 0x10000, 22),
    ]
    for (index, address, errno) in cases {
      let error = #expect(throws: KVMError.self) {
        _ = try machine.makeMemorySlot(index: index, guestAddress: address, memory: memory)
      }
      #expect(error?.operation == "KVM_SET_USER_MEMORY_REGION")
      #expect(error?.errno.rawValue == errno, "slot \(index) at \(address)")
    }
  }

  @Test(.needsKVM)
  func `a machine keeps the region of a slot alive, and gives it back after deletion`() throws {
    let machine = try Hypervisor().makeVirtualMachine()
    weak var region: MemoryRegion?
    let slot: MemorySlot
    do {
      let memory = try MemoryRegion(size: 4096)
      region = memory
      slot = try machine.makeMemorySlot(index: 5, guestAddress: 0, memory: memory)
    }
    #expect(region != nil)
    try slot.delete()
    #expect(region == nil)
  }

  @Test(.needsKVM)
  func `dropping a slot leaves the memory in place`() throws {
    let guest = try Guest(.protected, code: [0xA0, 0, 0, 0, 0xE0, 0xF4])  // mov al, [0xE0000000]
    do {
      let memory = try MemoryRegion(size: 4096)
      unsafe memory.bytes[0] = 0x42
      _ = try guest.machine.makeMemorySlot(index: 1, guestAddress: 0xE000_0000, memory: memory)
    }
    guard case .halt = try guest.run() else { throw Unexpected(.shutdown) }
    #expect(try guest.vcpu.registers().rax & 0xFF == 0x42)
  }

  @Test(.needsKVM)
  func `accesses to a deleted slot are MMIO, and its number is free`() throws {
    let guest = try Guest(.protected, code: [0xA0, 0, 0, 0, 0xE0, 0xF4])  // mov al, [0xE0000000]
    let memory = try MemoryRegion(size: 8192)
    let slot = try guest.machine.makeMemorySlot(
      index: 1, guestAddress: 0xE000_0000, memory: memory)
    try slot.delete()
    let exit = try guest.run()
    guard case .mmio = exit else { throw Unexpected(exit) }
    // Again, with the second page of the region.
    unsafe memory.bytes[4096] = 0x17
    _ = try guest.machine.makeMemorySlot(
      index: 1, guestAddress: 0xE000_0000, memory: memory, offset: 4096)
    _ = try guest.run()
    try guest.enter()
    guard case .halt = try guest.run() else { throw Unexpected(.shutdown) }
    #expect(try guest.vcpu.registers().rax & 0xFF == 0x17)
  }
}
