import CKVM
import Testing

@testable import KVM

@Suite("Coalesced I/O", .timeLimit(.minutes(5)))
struct CoalescedTests {
  @Test(.needs(.coalescedPIO))
  func `writes to a port are collected in order, past a full ring`() throws {
    let data = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let guest = try Guest(
      .protected,
      code: [
        0xAC,  // lodsb
        0xE6, 0xF8,  // out 0xF8, al
        0xE2, 0xFB,  // loop -5
        0xF4,  // hlt
      ], data: data, count: UInt64(data.count))
    let zone = CoalescedZone.ports(first: 0xF8, count: 1)
    try guest.machine.registerCoalesced(zone)
    var ring = try guest.vcpu.makeCoalescedRing()
    var output: [UInt8] = []
    var ordinary = 0
    var halted = false
    while !halted {
      let exit = try guest.run()
      // Before the exit: what is in the ring is older.
      ring.drain { write in
        #expect(write.isPortIO && write.address == 0xF8 && write.length == 1)
        output.append(UInt8(truncatingIfNeeded: write.value))
      }
      switch exit {
      case .portIO(let io):
        ordinary += 1
        unsafe output.append(contentsOf: io.bytes)
      case .halt: halted = true
      default: throw Unexpected(exit)
      }
    }
    #expect(output == data)
    #expect(ordinary > 0 && ordinary < 10)  // only where the ring was full
    let isEmpty = ring.isEmpty
    #expect(isEmpty)

    try guest.machine.unregisterCoalesced(zone)
    try guest.enter()
    let exit = try guest.run()
    guard case .portIO = exit else { throw Unexpected(exit) }
  }

  @Test(.needs(.coalescedMMIO))
  func `writes to memory are collected with their width`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0xC7, 0x05, 0x10, 0x00, 0x00, 0xD0, 0x78, 0x56, 0x34, 0x12,  // mov [0xD0000010], 0x12345678
        0xC6, 0x05, 0x20, 0x00, 0x00, 0xD0, 0xAB,  // mov byte [0xD0000020], 0xAB
        0xF4,  // hlt
      ])
    try guest.machine.registerCoalesced(.memory(address: 0xD000_0000, size: 0x1000))
    var ring = try guest.vcpu.makeCoalescedRing()
    let exit = try guest.run()
    guard case .halt = exit else { throw Unexpected(exit) }
    var writes: [CoalescedWrite] = []
    ring.drain { writes.append($0) }
    #expect(writes.map(\.address) == [0xD000_0010, 0xD000_0020])
    #expect(writes.map(\.length) == [4, 1])
    #expect(writes.map(\.value) == [0x1234_5678, 0xAB])
    #expect(writes.allSatisfy { !$0.isPortIO })
  }

  @Test func `a wild index in the shared page stays in the ring`() throws {
    let handle = VirtualMachineHandle(descriptor: -1, vcpuMappingSize: 4096)
    var mapping: UnsafeMutableRawPointer?
    _ = unsafe ckvm_map_anonymous(4096, &mapping)
    let page = try unsafe #require(mapping)
    var ring = unsafe CoalescedRing(mapping: page, machine: handle)
    unsafe page.storeBytes(of: 0xFFFF_FFF0, toByteOffset: 0, as: UInt32.self)  // first
    unsafe page.storeBytes(of: 0x8000_0000, toByteOffset: 4, as: UInt32.self)  // last
    let count = ring.drain { _ in }
    #expect(count <= CoalescedRing.capacity)
  }
}
