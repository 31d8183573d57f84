import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The assist on a vCPU that has stopped, whatever its KVM can do itself.
  @Suite struct AssistStepTests {
    /// A long-mode vCPU with `code` at its RIP.
    private struct Stopped: ~Copyable {
      let machine: SharedMachine
      let memory: GuestMemory
      let video: VideoAdapter?
      let vcpu: VCPU
      let assist: EmulationAssist
      let counters: AssistCounters

      init(_ code: [UInt8], mode: CPUMode = .long) throws {
        let image = try FlatImage.code(code, mode: mode)
        let hypervisor = try Hypervisor()
        let board = try Board(hypervisor, MachineConfiguration())
        let entry = EntryState(image: image)
        try image.file.load(into: board.memory, at: image.loadAddress)
        entry.prepare(board.memory)
        let vcpu = try board.makeVCPU(
          id: 0, cpuid: hypervisor.supportedCPUID(), entry: entry)
        counters = AssistCounters()
        assist = EmulationAssist(
          memory: AssistMemory(ram: board.memory, video: board.video), counters: counters)
        memory = board.memory
        video = board.video
        self.vcpu = vcpu
        machine = board.machine
      }

      func step() throws -> EmulationAssist.Outcome { try assist.step(vcpu) }

      func setRegisters(_ change: (inout Registers) -> Void) throws {
        var registers = try vcpu.registers()
        change(&registers)
        try vcpu.setRegisters(registers)
      }

      func setSpecialRegisters(_ change: (inout SpecialRegisters) -> Void) throws {
        var special = try vcpu.specialRegisters()
        change(&special)
        try vcpu.setSpecialRegisters(special)
      }
    }

    @Test("general registers, vector registers and MXCSR change, and are counted")
    func registers() throws {
      let stopped = try Stopped([
        0x66, 0x48, 0x0F, 0x6E, 0xC9,  // movq %rcx, %xmm1
        0x66, 0x0F, 0xEF, 0xD2,  // pxor %xmm2, %xmm2
        0x0F, 0xAE, 0x17,  // ldmxcsr (%rdi)
        0x66, 0x0F, 0x7E, 0xC8,  // movd %xmm1, %eax
        0xF4,  // hlt
      ])
      try stopped.setRegisters {
        $0.rcx = 0x1122_3344_5566_7788
        $0.rdi = 0x500
      }
      #expect(stopped.memory.store(UInt32(0x1FA0), at: 0x500))
      #expect(try stopped.step() == .resumed)
      let area = try stopped.vcpu.xsave()
      let state = try #require(ExtendedState(area))
      #expect(state.xmm(1).low == 0x1122_3344_5566_7788)
      #expect(state.mxcsr == 0x1FA0)
      let registers = try stopped.vcpu.registers()
      #expect(registers.rip == 0x10_0000 + 16)
      #expect(registers.rax == 0x5566_7788)
      #expect(
        stopped.counters.statistics.map { "\($0.mnemonic) \($0.count)" }
          == ["ldmxcsr 1", "movd 1", "movq 1", "pxor 1"])
    }

    @Test("a row ends before what fails, and is one instruction where the guest watches each")
    func row() throws {
      let code: [UInt8] = [
        0xD9, 0xE8, 0xD9, 0xE8, 0xDE, 0xC1,  // fld1; fld1; faddp
        0xDD, 0x1F,  // fstpl (%rdi)
      ]
      let stopped = try Stopped(code)
      try stopped.setRegisters { $0.rdi = 0x40_0000_0000 }
      #expect(try stopped.step() == .resumed)
      #expect(try stopped.vcpu.registers().rip == 0x10_0006)
      #expect(try stopped.vcpu.events().exception.injected == 0)
      #expect(try stopped.step() == .resumed)
      #expect(try stopped.vcpu.registers().rip == 0x10_0006)
      #expect(try stopped.vcpu.events().exception.nr == 14)
      #expect(
        stopped.counters.statistics.map { "\($0.mnemonic) \($0.count)" }
          == ["fld1 2", "faddp 1", "fstp 1"])

      let stepped = try Stopped(code)
      try stepped.setRegisters { $0.rflags |= Flag.trap }
      #expect(try stepped.step() == .resumed)
      #expect(try stepped.vcpu.registers().rip == 0x10_0002)
      let watched = try Stopped(code)
      var debug = try watched.vcpu.debugRegisters()
      debug.dr7 |= 2
      try watched.vcpu.setDebugRegisters(debug)
      #expect(try watched.step() == .resumed)
      #expect(try watched.vcpu.registers().rip == 0x10_0002)

      let endless = try Stopped([UInt8](repeating: 0x9B, count: 200))  // fwait
      #expect(try endless.step() == .resumed)
      #expect(try endless.vcpu.registers().rip == 0x10_0000 + 64)
    }

    @Test("what is not in the set changes nothing, and is refused at CPL 0")
    func unsupported() throws {
      let stopped = try Stopped([0xD9, 0x30])  // fnstenv (%rax)
      let before = try stopped.vcpu.registers()
      #expect(try stopped.step() == .unsupported)
      let after = try stopped.vcpu.registers()
      #expect(after.rip == before.rip)
      #expect(after.rflags == before.rflags)
      #expect(try stopped.vcpu.events().exception.injected == 0)
      #expect(stopped.counters.statistics.isEmpty)
    }

    @Test("what is not in the set is an invalid opcode at CPL 3")
    func unsupportedInUserMode() throws {
      let stopped = try Stopped([0xD9, 0x30])
      try stopped.setSpecialRegisters {
        $0.cs = VMM.DescriptorTable.userCode64.segment
        $0.ss = VMM.DescriptorTable.userData.segment
      }
      #expect(try stopped.step() == .resumed)
      let events = try stopped.vcpu.events()
      #expect(events.exception.injected == 1)
      #expect(events.exception.nr == 6)
      #expect(events.exception.has_error_code == 0)
    }

    @Test("a page fault: CR2, the error code, and RF in the flags that will be pushed")
    func pageFault() throws {
      let stopped = try Stopped([0x66, 0x0F, 0xEF, 0x07])  // pxor (%rdi), %xmm0
      try stopped.setRegisters { $0.rdi = 0x40_0000_0000 }
      #expect(try stopped.step() == .resumed)
      let events = try stopped.vcpu.events()
      #expect(events.exception.injected == 1)
      #expect(events.exception.nr == 14)
      #expect(events.exception.has_error_code == 1)
      #expect(events.exception.error_code == 0)
      #expect(try stopped.vcpu.specialRegisters().cr2 == 0x40_0000_0000)
      let registers = try stopped.vcpu.registers()
      #expect(registers.rip == 0x10_0000)
      #expect(registers.rflags & Flag.resume != 0)
    }

    @Test("what AVX added to a register survives an SSE instruction on it")
    func upperHalves() throws {
      let stopped = try Stopped([
        0xF2, 0x0F, 0x58, 0xC1,  // addsd %xmm1, %xmm0
        0xD9, 0xE8,  // fld1
      ])
      let offset = 0x240 / 4
      var area = try stopped.vcpu.xsave()
      let cpuid = try stopped.vcpu.cpuid()
      guard (cpuid[function: 0xD]?.eax ?? 0) & 4 != 0 else { return }
      area.words[128] |= 6
      for index in 0..<64 { area.words[offset + index] = UInt32(index) }
      try stopped.vcpu.setXSAVE(area)
      try stopped.setSpecialRegisters { $0.cr4 |= ControlRegister.osXSAVE }
      #expect(try stopped.step() == .resumed)
      #expect(stopped.counters.statistics.map(\.mnemonic) == ["addsd", "fld1"])
      let after = try stopped.vcpu.xsave()
      #expect(Array(after.words[offset..<offset + 64]) == (0..<64).map { UInt32($0) })
      #expect(after.words[128] & 7 == 7)
    }

    @Test("an SSE exception: #XM, and its flag in MXCSR")
    func vectorException() throws {
      let stopped = try Stopped([0x0F, 0x5E, 0xC0])  // divps %xmm0, %xmm0
      let saved = try stopped.vcpu.xsave()
      var area = try #require(ExtendedState(saved))
      area.mxcsr = 0x1F00
      try stopped.vcpu.setXSAVE(area.area)
      #expect(try stopped.step() == .resumed)
      let events = try stopped.vcpu.events()
      #expect(events.exception.injected == 1)
      #expect(events.exception.nr == 19)
      #expect(events.exception.has_error_code == 0)
      #expect(try ExtendedState(stopped.vcpu.xsave())?.mxcsr == 0x1F01)
      #expect(try stopped.vcpu.registers().rip == 0x10_0000)
    }

    @Test("a software interrupt loads CS and SS, and the return brings them back")
    func interrupt() throws {
      let stopped = try Stopped([0xCD, 0x80])
      let memory = stopped.memory
      let handler: UInt64 = 0x9_1000
      #expect(memory.write([0x48, 0xCF], at: GuestAddress(handler)))
      #expect(memory.store(UInt64(0x0009_EE00_0008_1000), at: 0x8800))
      try stopped.setSpecialRegisters {
        $0.idt.base = 0x8000
        $0.idt.limit = 0xFFF
        $0.cs = VMM.DescriptorTable.userCode64.segment
        $0.ss = VMM.DescriptorTable.userData.segment
      }
      try stopped.setRegisters { $0.rsp = 0x8_8000 }
      #expect(try stopped.step() == .resumed)
      var special = try stopped.vcpu.specialRegisters()
      #expect(try stopped.vcpu.registers().rip == handler)
      #expect(special.cs.selector == 0x08)
      #expect(special.privilegeLevel == 0)
      #expect(try stopped.step() == .resumed)
      special = try stopped.vcpu.specialRegisters()
      #expect(try stopped.vcpu.registers().rip == 0x10_0002)
      #expect(try stopped.vcpu.registers().rsp == 0x8_8000)
      #expect(special.cs.selector == 0x2B)
      #expect(special.privilegeLevel == 3)
    }

    @Test("a single step ends behind the instruction: #DB with DR6.BS")
    func singleStep() throws {
      let stopped = try Stopped([0x9B])
      try stopped.setRegisters { $0.rflags |= Flag.trap }
      #expect(try stopped.step() == .resumed)
      #expect(try stopped.vcpu.registers().rip == 0x10_0001)
      let events = try stopped.vcpu.events()
      #expect(events.exception.injected == 1)
      #expect(events.exception.nr == 1)
      #expect(try stopped.vcpu.debugRegisters().dr6 & 1 << 14 != 0)
    }

    @Test("the shadow of STI ends with the instruction, and a fault leaves it")
    func shadow() throws {
      let stopped = try Stopped([0x9B, 0xF3, 0x0F, 0xB8, 0x07])
      var events = try stopped.vcpu.events()
      events.flags = UInt32(KVM_VCPUEVENT_VALID_SHADOW)
      events.interrupt.shadow = UInt8(KVM_X86_SHADOW_INT_STI)
      try stopped.vcpu.setEvents(events)
      #expect(try stopped.step() == .resumed)
      #expect(try stopped.vcpu.events().interrupt.shadow == 0)
    }

    @Test("INVPCID and RDTSCP")
    func system() throws {
      let stopped = try Stopped([
        0x66, 0x0F, 0x38, 0x82, 0x07,  // invpcid (%rdi), %rax
        0x0F, 0x01, 0xF9,  // rdtscp
      ])
      let features = ProcessorFeatures(try stopped.vcpu.cpuid())
      try stopped.setRegisters {
        $0.rax = 2
        $0.rdi = 0x500
      }
      let before = try stopped.vcpu.specialRegisters()
      #expect(try stopped.step() == .resumed)
      guard features.invpcid else { return }
      #expect(try stopped.vcpu.specialRegisters().cr3 == before.cr3)
      #expect(try stopped.vcpu.registers().rip == 0x10_0005)
      guard features.rdtscp else { return }
      #expect(try stopped.step() == .resumed)
      #expect(try stopped.vcpu.registers().rip == 0x10_0008)
    }

    @Test("a store to video memory is seen by the dirty log")
    func videoMemory() throws {
      let stopped = try Stopped([0x66, 0x0F, 0xD6, 0x0F])  // movq %xmm1, (%rdi)
      let adapter = stopped.video
      let video = try #require(adapter)
      let log = video.log
      let consumer = log.attach()
      var pages = DirtyBitmap(pageCount: log.pageCount)
      log.take(consumer, into: &pages)
      try stopped.setRegisters { $0.rdi = MemoryMap.framebuffer.rawValue + 0x5FFC }
      let saved = try stopped.vcpu.xsave()
      var area = try #require(ExtendedState(saved))
      area.setXMM(1, Vector128(low: 0x0102_0304_0506_0708))
      try stopped.vcpu.setXSAVE(area.area)
      #expect(try stopped.step() == .resumed)
      log.take(consumer, into: &pages)
      #expect(pages[5])
      #expect(pages[6])
      #expect(!pages[4])
      let bytes = unsafe [UInt8](video.memory.bytes[0x5FFC..<0x6004])
      #expect(bytes == [8, 7, 6, 5, 4, 3, 2, 1])
    }
  }
}
