import CKVM
import SystemPackage
import Testing

@testable import KVM

/// What is set is what is read back.
@Suite("vCPU state round trips", .needsKVM, .timeLimit(.minutes(5)))
struct StateTests {
  private func withInterruptControllers() throws -> Guest {
    try Guest(.real, code: [0xF4]) { machine in
      try machine.makeIRQChip()
      try machine.makePIT2()
    }
  }

  @Test func `general-purpose registers`() throws {
    let vcpu = try Guest(.long, code: [0xF4])
    var registers = Registers()
    registers.rax = 0x0123_4567_89AB_CDEF
    registers.r15 = .max
    registers.rip = 0x1234
    registers.rflags = 0x246
    try vcpu.vcpu.setRegisters(registers)
    let read = try vcpu.vcpu.registers()
    #expect(read.rax == registers.rax && read.r15 == .max && read.rbx == 0)
    #expect(read.rip == 0x1234 && read.rflags == 0x246)
  }

  @Test func `special registers of long mode`() throws {
    let guest = try Guest(.long, code: [0xF4])
    let read = try guest.vcpu.specialRegisters()
    #expect(read.cs.l == 1 && read.cs.db == 0 && read.cr3 == 0x2000)
    #expect(read.efer == 1 << 10 | 1 << 8 && read.cr4 == 1 << 5)
    #expect(read.cr0 & (1 << 31 | 1) == 1 << 31 | 1)
  }

  @Test func `the FPU control word and an SSE register`() throws {
    let guest = try Guest(.real, code: [0xF4])
    var state = try guest.vcpu.fpu()
    state.fcw = 0x27F
    state.xmm.3 = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
    try guest.vcpu.setFPU(state)
    let read = try guest.vcpu.fpu()
    #expect(read.fcw == 0x27F && read.xmm.3.15 == 16)
  }

  @Test(.needs(.xsave))
  func `the XSAVE area, which the FPU call then shows`() throws {
    let guest = try Guest(.real, code: [0xF4])
    var area = try guest.vcpu.xsave()
    #expect(area.words.count == max(4096, Host.value(.xsave2)) / 4)
    area.words[0] = 0x37E  // FCW is at byte 0
    area.words[6] = 0x1FA0  // MXCSR is at byte 24
    area.words[128] |= 3  // XSTATE_BV: x87 and SSE are not in their initial state
    try guest.vcpu.setXSAVE(area)
    #expect(try guest.vcpu.xsave() == area)
    #expect(try guest.vcpu.fpu().fcw == 0x37E)
  }

  @Test(.needs(.xsave))
  func `a short XSAVE area is filled up, not read past its end`() throws {
    let guest = try Guest(.real, code: [0xF4])
    let area = try guest.vcpu.xsave()
    try guest.vcpu.setXSAVE(XSAVEArea(words: Array(area.words.prefix(160))))
    #expect(try guest.vcpu.xsave().words.prefix(8) == area.words.prefix(8))
  }

  @Test(.needs(.xcrs))
  func `XCR0`() throws {
    let guest = try Guest(.real, code: [0xF4])
    try guest.vcpu.setCPUID(try Hypervisor().supportedCPUID())
    var registers = try guest.vcpu.xcrs()
    #expect(registers.nr_xcrs == 1 && registers.xcrs.0.xcr == 0)
    registers.xcrs.0.value = 0b11  // x87 and SSE
    try guest.vcpu.setXCRs(registers)
    #expect(try guest.vcpu.xcrs().xcrs.0.value == 0b11)
  }

  @Test(.needs(.debugRegisters))
  func `debug registers`() throws {
    let guest = try Guest(.real, code: [0xF4])
    var registers = try guest.vcpu.debugRegisters()
    registers.db = (0x1000, 0x2000, 0x3000, 0x4000)
    try guest.vcpu.setDebugRegisters(registers)
    let read = try guest.vcpu.debugRegisters()
    #expect(read.db.0 == 0x1000 && read.db.3 == 0x4000 && read.dr7 == registers.dr7)
  }

  @Test(.needs(.vcpuEvents))
  func `a pending NMI is an event`() throws {
    let guest = try withInterruptControllers()
    var events = try guest.vcpu.events()
    #expect(events.nmi.pending == 0)
    events.nmi.pending = 1
    events.flags = UInt32(KVM_VCPUEVENT_VALID_NMI_PENDING)
    try guest.vcpu.setEvents(events)
    #expect(try guest.vcpu.events().nmi.pending == 1)
  }

  @Test func `queueing an NMI makes it pending`() throws {
    let guest = try withInterruptControllers()
    try guest.vcpu.nmi()
    #expect(try guest.vcpu.events().nmi.pending == 1)
  }

  @Test func `the MP state`() throws {
    let guest = try withInterruptControllers()
    #expect(try guest.vcpu.mpState() == .runnable)
    try guest.vcpu.setMPState(.halted)
    #expect(try guest.vcpu.mpState() == .halted)
    try guest.vcpu.setMPState(.runnable)
    #expect(try guest.vcpu.mpState() == .runnable)
  }

  @Test func `the local APIC's registers`() throws {
    let guest = try withInterruptControllers()
    var state = try guest.vcpu.localAPIC()
    unsafe withUnsafeMutableBytes(of: &state) { page in
      unsafe page.storeBytes(of: 0x1FF, toByteOffset: 0xF0, as: UInt32.self)  // SVR: enabled
    }
    try guest.vcpu.setLocalAPIC(state)
    let read = try guest.vcpu.localAPIC()
    let spurious = unsafe withUnsafeBytes(of: read) { page in
      unsafe page.load(fromByteOffset: 0xF0, as: UInt32.self)
    }
    #expect(spurious == 0x1FF)
  }

  @Test func `MSRs, more than one request takes`() throws {
    let guest = try Guest(.real, code: [0xF4])
    let sysenter: [MSR] = [
      MSR(index: 0x174, value: 8), MSR(index: 0x175, value: 0x7000),
      MSR(index: 0x176, value: 0x1234),
    ]
    try guest.vcpu.writeMSRs(sysenter)
    #expect(try guest.vcpu.readMSRs([0x174, 0x175, 0x176]) == sysenter)
    let many = try guest.vcpu.readMSRs(Array(repeating: 0x175, count: 700))
    #expect(many == Array(repeating: sysenter[1], count: 700))
    #expect(try guest.vcpu.readMSRs([]).isEmpty)
  }

  @Test func `the first MSR that cannot be read is named`() throws {
    let guest = try Guest(.real, code: [0xF4])
    let error = #expect(throws: KVMError.self) {
      _ = try guest.vcpu.readMSRs([0x174, 0x4B4D_564F, 0x175])
    }
    #expect(error?.operation == "KVM_GET_MSRS")
    #expect(error?.detail?.contains("0x4b4d564f") == true)
    let write = #expect(throws: KVMError.self) {
      try guest.vcpu.writeMSRs([MSR(index: 0x4B4D_564F, value: 1)])
    }
    #expect(write?.operation == "KVM_SET_MSRS")
  }

  @Test func `CPUID is what was set`() throws {
    let guest = try Guest(.real, code: [0xF4])
    var cpuid = try Hypervisor().supportedCPUID()
    var leaf = try #require(cpuid[function: 0x4000_0000])
    leaf.ebx = 0x6E61_6353
    cpuid[function: 0x4000_0000] = leaf
    try guest.vcpu.setCPUID(cpuid)
    #expect(try guest.vcpu.cpuid()[function: 0x4000_0000]?.ebx == 0x6E61_6353)
  }

  @Test func `too many CPUID entries are refused`() throws {
    let guest = try Guest(.real, code: [0xF4])
    let cpuid = CPUID(entries: Array(repeating: CPUID.Entry(), count: 5000))
    let error = #expect(throws: KVMError.self) { try guest.vcpu.setCPUID(cpuid) }
    #expect(error?.operation == "KVM_SET_CPUID2" && error?.errno == .argListTooLong)
  }

  @Test func `an address is translated through the guest's page tables`() throws {
    let guest = try Guest(.long, code: [0xF4])
    let mapped = try guest.vcpu.translate(linearAddress: 0x12_3456)
    #expect(mapped.valid == 1 && mapped.physical_address == 0x12_3456)
    #expect(try guest.vcpu.translate(linearAddress: 1 << 40).valid == 0)
  }

  @Test(.needs(.getTSCFrequency))
  func `the TSC's frequency is known, and may be set to what it is`() throws {
    let guest = try Guest(.real, code: [0xF4])
    let frequency = try guest.vcpu.tscFrequency()
    #expect(frequency > 0)
    try guest.vcpu.setTSCFrequency(kHz: frequency)
    #expect(try guest.vcpu.tscFrequency() == frequency)
  }
}
