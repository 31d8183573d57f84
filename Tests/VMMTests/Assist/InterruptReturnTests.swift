import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Assist: IRET", .timeLimit(.minutes(5)))
struct InterruptReturnTests {
  private static let target: UInt64 = 0x9_2000
  private static let iretd: [UInt8] = [0xCF]
  private static let iretq: [UInt8] = [0x48, 0xCF]

  private func fault(_ exception: ProcessorException, _ code: UInt32) -> Interruption {
    .fault(Fault(exception, code))
  }

  @Test("protected mode, same level: three words, and every flag that CPL 0 may change")
  func sameLevel() throws {
    var guest = try AssistGuest(.protected, Self.iretd)
    guest.push([Self.target, 0x18, 0x25_7FD7], size: 4)
    try guest.step()
    #expect(guest.processor.registers.rip == Self.target)
    #expect(guest.processor.registers.rsp == 0x9_0000)
    #expect(guest.processor.registers.rflags == 0x25_7FD7)
    #expect(guest.processor.unblocksNMI)
  }

  @Test("protected mode, to CPL 3: stack and segments change")
  func outerLevel() throws {
    var guest = try AssistGuest(.protected, Self.iretd)
    guest.processor.special.es = VMM.DescriptorTable.userData.segment
    guest.push([Self.target, 0x33, 0x202, AssistGuest.userStack, 0x23], size: 4)
    try guest.step()
    #expect(guest.processor.privilegeLevel == 3)
    #expect(guest.processor.registers.rsp == AssistGuest.userStack)
    #expect(guest.processor.special.cs.selector == 0x33)
    #expect(guest.processor.special.ss.selector == 0x23)
    #expect(guest.processor.special.ds.unusable == 1)
    #expect(guest.processor.special.fs.unusable == 1)
    #expect(guest.processor.special.es.selector == 0x20 | 3)
    #expect(guest.processor.registers.rflags == 0x202)
  }

  @Test("CPL 3 changes neither IF nor IOPL")
  func userFlags() throws {
    var guest = try AssistGuest(.protected, Self.iretd)
    guest.enterUserMode()
    guest.processor.registers.rflags = 0x202
    guest.push([Self.target, 0x33, 0x3001], size: 4)
    try guest.step()
    #expect(guest.processor.registers.rflags == 0x203)
    guest.load(Self.iretd)
    guest.processor.registers.rflags = 0x3202  // IOPL 3
    guest.push([Self.target, 0x33, 2], size: 4)
    try guest.step()
    #expect(guest.processor.registers.rflags == 0x3002)
  }

  @Test("IRET with words leaves the upper half of EFLAGS")
  func words() throws {
    var guest = try AssistGuest(.protected, [0x66, 0xCF])
    guest.processor.registers.rflags = 0x4_0002
    guest.push([0x2000, 0x18, 0x203], size: 2)
    try guest.step()
    #expect(guest.processor.registers.rip == 0x2000)
    #expect(guest.processor.registers.rflags == 0x4_0203)
  }

  @Test("long mode: five words, to the same level and to CPL 3")
  func long() throws {
    var guest = try AssistGuest(Self.iretq)
    guest.push([Self.target, 0x08, 2, 0x8_8888, 0x10], size: 8)
    try guest.step()
    #expect(guest.processor.registers.rsp == 0x8_8888)
    #expect(guest.processor.special.cs.selector == 0x08)
    guest.load(Self.iretq)
    guest.processor.registers.rsp = 0x9_0000
    guest.push([Self.target, 0x2B, 0x202, AssistGuest.userStack, 0x23], size: 8)
    try guest.step()
    #expect(guest.processor.privilegeLevel == 3)
    #expect(guest.processor.registers.rsp == AssistGuest.userStack)
    #expect(guest.processor.mode.bits == 64)
  }

  @Test("long mode: to 32-bit code, whose stack pointer has 32 bits")
  func compatibility() throws {
    var guest = try AssistGuest(Self.iretq)
    guest.push([0x1_0009_2000, 0x33, 2, 0x1_0008_8000, 0x23], size: 8)
    try guest.step()
    #expect(guest.processor.mode.bits == 32)
    #expect(guest.processor.registers.rip == 0x9_2000)
    #expect(guest.processor.registers.rsp == AssistGuest.userStack)
  }

  @Test("long mode: a null SS for CPL 0, not for CPL 3")
  func nullStack() throws {
    var guest = try AssistGuest(Self.iretq)
    guest.push([Self.target, 0x08, 2, 0x8_8000, 0], size: 8)
    try guest.step()
    #expect(guest.processor.special.ss.unusable == 1)
    #expect(guest.processor.privilegeLevel == 0)
    guest.load(Self.iretq)
    guest.push([Self.target, 0x2B, 2, 0x8_8000, 3], size: 8)
    #expect(guest.interruption() == fault(.generalProtection, 0))
  }

  @Test("what is refused, with its error code")
  func faults() throws {
    var guest = try AssistGuest(.protected, Self.iretd)
    func interruption(_ words: [UInt64]) -> Interruption? {
      var copy = guest
      copy.push(words, size: 4)
      return copy.interruption()
    }
    #expect(interruption([Self.target, 0, 2]) == fault(.generalProtection, 0))
    #expect(interruption([Self.target, 0x10, 2]) == fault(.generalProtection, 0x10))
    #expect(interruption([Self.target, 0x100, 2]) == fault(.generalProtection, 0x100))
    #expect(interruption([Self.target, 0x1B, 2]) == fault(.generalProtection, 0x18))
    let stack = AssistGuest.userStack
    #expect(interruption([Self.target, 0x33, 2, stack, 0]) == fault(.generalProtection, 0))
    #expect(interruption([Self.target, 0x33, 2, stack, 0x10]) == fault(.generalProtection, 0x10))
    #expect(interruption([Self.target, 0x33, 2, stack, 0x33]) == fault(.generalProtection, 0x30))
    guest.setDescriptor(0x20, 0x00CF_7300_0000_FFFF)
    #expect(interruption([Self.target, 0x33, 2, stack, 0x23]) == fault(.stackFault, 0x20))
    guest.setDescriptor(0x18, 0x00CF_1B00_0000_FFFF)
    #expect(interruption([Self.target, 0x18, 2]) == fault(.segmentNotPresent, 0x18))
    guest.setDescriptor(0x18, 0x0040_9B00_0000_00FF)
    #expect(interruption([0x100, 0x18, 2]) == fault(.generalProtection, 0))
    #expect(interruption([0xFF, 0x18, 2]) == nil)
    guest.enterUserMode()
    guest.setDescriptor(0x18, 0x00CF_9B00_0000_FFFF)
    #expect(interruption([Self.target, 0x18, 2]) == fault(.generalProtection, 0x18))
    guest.processor.special.ss.limit = 0x8_7FFF
    guest.processor.registers.rsp = 0x8_7FFA
    #expect(guest.interruption() == fault(.stackFault, 0))
  }

  @Test("to an address or by a stack that is not canonical")
  func canonical() throws {
    var guest = try AssistGuest(Self.iretq)
    guest.push([0x8000_0000_0000, 0x08, 2, 0x8_8000, 0x10], size: 8)
    #expect(guest.interruption() == fault(.generalProtection, 0))
    guest.processor.registers.rsp = 0x8000_0000_0000
    #expect(guest.interruption() == fault(.stackFault, 0))
  }

  @Test("what the assist leaves out it refuses: another task, virtual-8086 mode")
  func refused() throws {
    var guest = try AssistGuest(.protected, Self.iretd)
    guest.push([Self.target, 0x18, 0x2_0002, 0, 0, 0, 0, 0, 0], size: 4)
    #expect(guest.interruption() == .unsupported)
    guest.processor.registers.rflags |= 1 << 14
    #expect(guest.interruption() == .unsupported)
    var long = try AssistGuest(Self.iretq)
    long.processor.registers.rflags |= 1 << 14
    #expect(long.interruption() == fault(.generalProtection, 0))
  }
}
