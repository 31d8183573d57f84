import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Assist: software interrupts", .timeLimit(.minutes(5)))
struct InterruptDeliveryTests {
  private static let int80: [UInt8] = [0xCD, 0x80]
  private static let next = AssistGuest.code + 2
  private static let userGate: UInt16 = 0xEE00

  private func fault(_ exception: ProcessorException, _ code: UInt32) -> Interruption {
    .fault(Fault(exception, code))
  }

  // MARK: Long mode

  @Test("long mode, same level: an aligned frame on the same stack")
  func longSameLevel() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80)
    guest.processor.registers.rsp = 0x8_FFF7
    guest.processor.registers.rflags = 0x4302  // NT, TF, IF
    try guest.step()
    #expect(guest.processor.registers.rip == AssistGuest.handler)
    #expect(guest.processor.registers.rsp == 0x8_FFF0 - 40)
    #expect(guest.stack(5, size: 8) == [Self.next, 0x08, 0x4302, 0x8_FFF7, 0x10])
    #expect(guest.processor.registers.rflags == 2)
    #expect(guest.processor.special.cs.selector == 0x08)
    #expect(guest.processor.special.ss.selector == 0x10)
  }

  @Test("long mode, from CPL 3: on RSP0, with a null SS")
  func longInnerLevel() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80, type: 0xEF00)
    guest.enterUserMode()
    guest.processor.registers.rflags = 0x202
    try guest.step()
    #expect(guest.processor.registers.rsp == AssistGuest.supervisorStack - 40)
    #expect(guest.stack(5, size: 8) == [Self.next, 0x2B, 0x202, AssistGuest.userStack, 0x23])
    #expect(guest.processor.privilegeLevel == 0)
    #expect(guest.processor.special.ss.selector == 0)
    // A trap gate.
    #expect(guest.processor.registers.rflags == 0x202)
  }

  @Test("long mode: the interrupt stack table, at the same level too")
  func interruptStack() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80, type: 0x8E07)
    _ = guest.memory.store(UInt64(0x7_8008), at: 0x2054)
    try guest.step()
    #expect(guest.processor.registers.rsp == 0x7_8000 - 40)
    #expect(guest.processor.special.ss.selector == 0x10)
  }

  @Test("long mode: what is refused, with its error code")
  func longFaults() throws {
    var guest = try AssistGuest(Self.int80)
    #expect(guest.interruption() == fault(.generalProtection, 0x402))  // no gate
    guest.setGate(0x80, type: 0x8C00)  // a 32-bit call gate
    #expect(guest.interruption() == fault(.generalProtection, 0x402))
    guest.setGate(0x80, type: 0x0E00)
    #expect(guest.interruption() == fault(.segmentNotPresent, 0x402))
    guest.setGate(0x80, selector: 3)
    #expect(guest.interruption() == fault(.generalProtection, 0))
    guest.setGate(0x80, selector: 0x10)
    #expect(guest.interruption() == fault(.generalProtection, 0x10))
    guest.setGate(0x80, selector: 0x18)  // 32-bit code
    #expect(guest.interruption() == fault(.generalProtection, 0x18))
    guest.setGate(0x80, selector: 0x28)  // an outer level
    #expect(guest.interruption() == fault(.generalProtection, 0x28))
    guest.setGate(0x80, selector: 0x48)  // beyond the GDT
    #expect(guest.interruption() == fault(.generalProtection, 0x48))
    guest.setGate(0x80, selector: 0x0C)  // there is no LDT
    #expect(guest.interruption() == fault(.generalProtection, 0x0C))
    guest.setDescriptor(0x18, 0x00AF_1B00_0000_FFFF)
    guest.setGate(0x80, selector: 0x18)
    #expect(guest.interruption() == fault(.segmentNotPresent, 0x18))
    guest.setGate(0x80, offset: 0x8000_0000_0000)
    #expect(guest.interruption() == fault(.generalProtection, 0))
    guest.setGate(0x80)
    guest.processor.special.idt.limit = 0x80E
    #expect(guest.interruption() == fault(.generalProtection, 0x402))
    guest.processor.special.idt.limit = 0x80F
    #expect(guest.interruption() == nil)
  }

  @Test("a gate of DPL 0 is not for CPL 3, but for INT1, whose error codes are external")
  func privilege() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80)
    guest.setGate(1)
    guest.setGate(3)
    guest.enterUserMode()
    #expect(guest.interruption() == fault(.generalProtection, 0x402))
    guest.load([0xCC])
    #expect(guest.interruption() == fault(.generalProtection, 0x1A))
    guest.load([0xF1])
    #expect(guest.interruption() == nil)
    guest.load([0xF1])
    guest.enterUserMode()
    guest.setGate(1, type: 0x0E00)
    #expect(guest.interruption() == fault(.segmentNotPresent, 0x0B))
  }

  @Test("the TSS must reach as far as the stack pointer, and that must be canonical")
  func taskState() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80, type: Self.userGate)
    guest.enterUserMode()
    guest.processor.special.tr.limit = 10
    #expect(guest.interruption() == fault(.invalidTSS, 0x38))
    guest.processor.special.tr.limit = 11
    #expect(guest.interruption() == nil)
    guest.enterUserMode()
    guest.load(Self.int80)
    _ = guest.memory.store(UInt64(1) << 60, at: 0x2004)
    #expect(guest.interruption() == fault(.stackFault, 0))
  }

  @Test("a stack that is not mapped is a page fault, and nothing has happened")
  func stackPageFault() throws {
    var guest = try AssistGuest(Self.int80)
    guest.setGate(0x80)
    guest.processor.registers.rsp = 0x40_0000_0000
    let before = guest.processor.registers
    #expect(
      guest.interruption() == .fault(Fault(.pageFault, 2, address: 0x3F_FFFF_FFD8)))
    #expect(guest.processor.registers.rsp == before.rsp)
    #expect(guest.processor.registers.rip == before.rip)
  }

  // MARK: Protected mode

  @Test("protected mode, same level: EFLAGS, CS, EIP")
  func protectedSameLevel() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80)
    guest.processor.registers.rflags = 0x202
    try guest.step()
    #expect(guest.processor.registers.rsp == 0x9_0000 - 12)
    #expect(guest.stack(3, size: 4) == [Self.next, 0x18, 0x202])
    #expect(guest.processor.registers.rflags == 2)
  }

  @Test("protected mode, a 16-bit gate: words, and a 16-bit handler address")
  func gate16() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80, type: 0x8600, offset: 0x12_3456)
    try guest.step()
    #expect(guest.processor.registers.rip == 0x3456)
    #expect(guest.processor.registers.rsp == 0x9_0000 - 6)
    #expect(guest.stack(3, size: 2) == [Self.next & 0xFFFF, 0x18, 2])
  }

  @Test("protected mode, from CPL 3: on the stack of the TSS")
  func protectedInnerLevel() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80, type: Self.userGate)
    guest.enterUserMode()
    try guest.step()
    #expect(guest.processor.privilegeLevel == 0)
    #expect(guest.processor.special.ss.selector == 0x10)
    #expect(guest.processor.special.cs.selector == 0x18)
    #expect(guest.processor.registers.rsp == AssistGuest.supervisorStack - 20)
    #expect(guest.stack(5, size: 4) == [Self.next, 0x33, 2, AssistGuest.userStack, 0x23])
  }

  @Test("protected mode: what is wrong with the stack in the TSS")
  func protectedStackFaults() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80, type: Self.userGate)
    guest.enterUserMode()
    let selector = GuestAddress(0x2008)
    _ = guest.memory.store(UInt16(0), at: selector)
    #expect(guest.interruption() == fault(.invalidTSS, 0))
    _ = guest.memory.store(UInt16(0x23), at: selector)
    #expect(guest.interruption() == fault(.invalidTSS, 0x20))
    _ = guest.memory.store(UInt16(0x18), at: selector)  // code
    #expect(guest.interruption() == fault(.invalidTSS, 0x18))
    _ = guest.memory.store(UInt16(0x100), at: selector)
    #expect(guest.interruption() == fault(.invalidTSS, 0x100))
    _ = guest.memory.store(UInt16(0x10), at: selector)
    guest.setDescriptor(0x10, 0x00CF_1300_0000_FFFF)
    #expect(guest.interruption() == fault(.stackFault, 0x10))
    guest.setDescriptor(0x10, 0x0040_9300_0000_000F)  // 16 bytes: too small for the frame
    #expect(guest.interruption() == fault(.stackFault, 0x10))
    guest.processor.special.tr.limit = 8
    #expect(guest.interruption() == fault(.invalidTSS, 0x38))
  }

  @Test("the stack's limit, and a segment that expands down")
  func stackLimit() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80)
    guest.processor.special.ss.limit = 0x8_FFFE
    #expect(guest.interruption() == fault(.stackFault, 0))
    guest.processor.special.ss.type = 7
    guest.processor.special.ss.limit = 0x8_FFF3
    #expect(guest.interruption() == nil)
    guest.load(Self.int80)
    guest.processor.registers.rsp = 0x9_0000
    guest.processor.special.ss.limit = 0x8_FFF4
    #expect(guest.interruption() == fault(.stackFault, 0))
  }

  @Test("a 16-bit stack wraps, and keeps the upper half of ESP")
  func smallStack() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80)
    guest.processor.special.ss.db = 0
    guest.processor.special.ss.base = 0x8_0000
    guest.processor.registers.rsp = 0x1234_0000
    try guest.step()
    #expect(guest.processor.registers.rsp == 0x1234_FFF4)
    let frame = guest.memory.read(12, at: 0x8_FFF4)
    #expect(frame?.prefix(4).littleEndian == Self.next)
  }

  @Test("a conforming handler keeps the level, and the stack")
  func conforming() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setDescriptor(0x18, 0x00CF_9F00_0000_FFFF)
    guest.setGate(0x80, type: Self.userGate)
    guest.enterUserMode()
    try guest.step()
    #expect(guest.processor.special.cs.selector == 0x1B)
    #expect(guest.processor.privilegeLevel == 3)
    #expect(guest.processor.registers.rsp == AssistGuest.userStack - 12)
  }

  @Test("INTO does nothing without overflow")
  func into() throws {
    var guest = try AssistGuest(.protected, [0xCE])
    try guest.step()
    #expect(guest.processor.registers.rip == AssistGuest.code + 1)
    guest.load([0xCE])
    guest.setGate(4)
    guest.processor.registers.rflags |= 1 << 11
    try guest.step()
    #expect(guest.processor.registers.rip == AssistGuest.handler)
  }

  @Test("what the assist leaves out it refuses")
  func refused() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setGate(0x80, type: 0x8500)  // a task gate
    #expect(guest.interruption() == .unsupported)
    guest.setGate(0x80)
    guest.processor.registers.rflags |= 1 << 17  // virtual-8086 mode
    #expect(guest.interruption() == .unsupported)
    var real = try AssistGuest(.real, Self.int80)
    #expect(real.interruption() == .unsupported)
  }

  @Test("a descriptor that is loaded is marked as accessed")
  func accessed() throws {
    var guest = try AssistGuest(.protected, Self.int80)
    guest.setDescriptor(0x18, 0x00CF_9A00_0000_FFFF)
    guest.setGate(0x80)
    try guest.step()
    #expect(guest.memory.read(1, at: 0x101D) == [0x9B])
    #expect(guest.processor.special.cs.type == 0xB)
  }
}
