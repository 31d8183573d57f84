import CKVM
import KVM
import Testing

@testable import VMM

/// What is said of states made by hand. ``AutopsyGuestTests`` shows the same of real guests.
@Suite("Verdicts")
struct VerdictTests {
  private static let noHandler = ": the IDT limit is 0, so nothing handles it"

  @Test(
    "an exception that the instruction itself proves",
    arguments: [
      ([0x0F, 0x0B], "executed ud2 (#UD)"), ([0x0F, 0xFF], "executed ud0 (#UD)"),
      ([0xCC], "executed int3 (#BP)"), ([0xCD, 0x0E], "executed int 0xe (#PF)"),
      ([0xCD, 0x80], "executed int 0x80 (vector 128)"), ([0xF7, 0xF1], "divided by 0 (#DE)"),
      ([0x49, 0xF7, 0xF8], "divided by 0 (#DE)"), ([0x66, 0xF7, 0xF3], "divided by 0 (#DE)"),
    ] as [([UInt8], String)])
  func proven(code: [UInt8], what: String) throws {
    // BX is 0, EBX is not.
    let builder = try StateBuilder(code: code).with { $0.registers.rbx = 0x1_0000 }
    #expect(builder.verdict() == what + Self.noHandler)
  }

  @Test(
    "what only CPL 0 may do",
    arguments: [
      ([0xF4], "hlt"), ([0xFA], "cli"), ([0x0F, 0x30], "wrmsr"),
      ([0x0F, 0x22, 0xD8], "mov with a control register"), ([0x0F, 0x01, 0x18], "lidt"),
    ] as [([UInt8], String)])
  func privileged(code: [UInt8], name: String) throws {
    let user = try StateBuilder(code: code).with { $0.special.ss.dpl = 3 }
    #expect(user.verdict() == "executed \(name) at CPL 3 (#GP)\(Self.noHandler)")
    let kernel = try StateBuilder(code: code)
    #expect(kernel.verdict() == "an exception had no handler: the IDT limit is 0")
  }

  @Test("cli is for those whom IOPL lets")
  func ioPrivilegeLevel() throws {
    let builder = try StateBuilder(code: [0xFA]).with {
      $0.special.ss.dpl = 3
      $0.registers.rflags |= 3 << 12
    }
    #expect(builder.verdict() == "an exception had no handler: the IDT limit is 0")
  }

  @Test("a page fault shows in CR2, while nothing is mapped there")
  func pageFault() throws {
    let builder = try StateBuilder()
    let unmapped = builder.with { $0.special.cr2 = 0x7000_0000_0000 }
    #expect(unmapped.verdict() == "page fault at 0x700000000000 (#PF)\(Self.noHandler)")
    // A fault that was handled before proves nothing.
    let mapped = builder.with { $0.special.cr2 = 0x1234 }
    #expect(mapped.verdict() == "an exception had no handler: the IDT limit is 0")
  }

  @Test("user code on a supervisor's page")
  func supervisorPage() throws {
    let builder = try StateBuilder().with {
      $0.special.ss.dpl = 3
      $0.special.cr2 = 0x20_0000
      _ = $0.memory.store(UInt64(0x20_0083), at: 0x1_2008)
    }
    #expect(
      builder.verdict()
        == "page fault at 0x200000, a supervisor's page, at CPL 3 (#PF)\(Self.noHandler)")
  }

  @Test("an IDT without the gate, with a handler that is nowhere, or outside RAM")
  func gates() throws {
    let builder = try StateBuilder(code: [0x0F, 0x0B])
    let other = builder.with { $0.addGate(14, handler: StateBuilder.entry) }
    #expect(other.verdict() == "executed ud2 (#UD): the IDT has no present gate for it")
    let nowhere = builder.with { $0.addGate(6, handler: 0x7000_0000_0000) }
    #expect(
      nowhere.verdict() == "executed ud2 (#UD): its handler at 0x700000000000 is not mapped")
    let outside = builder.with {
      $0.special.idt.base = 0xD000_0000
      $0.special.idt.limit = 0xFFF
    }
    #expect(
      outside.verdict() == "executed ud2 (#UD): the IDT at 0xd0000000 is not in mapped RAM")
  }

  @Test("a good IDT and a bad stack")
  func stack() throws {
    let builder = try StateBuilder(code: [0x0F, 0x0B]).with {
      $0.addGate(6, handler: StateBuilder.entry)
    }
    #expect(builder.verdict() == nil)
    let outside = builder.with { $0.registers.rsp = 0xD000_0000 }
    #expect(
      outside.verdict() == "the stack pointer 0xd0000000 lies outside RAM, which ends at 0x200000")
    let unmapped = builder.with { $0.registers.rsp = 0 }
    #expect(
      unmapped.verdict() == "the stack pointer 0x0 is not mapped: its PML4E is not present")
    let framebuffer = builder.with { $0.registers.rsp = 0xE000_1000 }
    #expect(framebuffer.verdict() == "the stack pointer 0xe0001000 lies in the framebuffer")
    // The first push goes below: RAM's end is where a stack begins.
    #expect(builder.with { $0.registers.rsp = 0x20_0000 }.verdict() == nil)
  }

  @Test("RIP where no code is")
  func instructionPointer() throws {
    let builder = try StateBuilder()
    func at(_ address: UInt64) -> String? { builder.with { $0.registers.rip = address }.verdict() }
    #expect(
      at(0) == "jumped to address 0: a null function pointer, or a return without a caller?")
    #expect(
      at(0x18_0000)
        == "zeroed memory executed at 0x180000: was the image loaded where it was linked?")
    #expect(
      at(0x20_0000)
        == "ran through zeroed memory to the end of RAM: was the image loaded where it was linked?")
    #expect(at(0xD000_0000) == "RIP 0xd0000000 lies outside RAM, which ends at 0x200000")
    #expect(at(0xE000_0000) == "RIP 0xe0000000 lies in the framebuffer")
    #expect(at(0x7000_0000_0000) == "RIP 0x700000000000 is not mapped: its PML4E is not present")
    #expect(at(1 << 63) == "RIP 0x8000000000000000 is not mapped: it is not canonical")
  }

  @Test("code at address 0 is code, and tables are none")
  func lowAddresses() throws {
    let builder = try StateBuilder().with {
      DescriptorTable.write(to: $0.memory)
      _ = $0.memory.write([0x0F, 0x0B], at: 0)
    }
    #expect(
      builder.with { $0.registers.rip = 0 }.verdict() == "executed ud2 (#UD)\(Self.noHandler)")
    #expect(
      builder.with { $0.registers.rip = 0x1008 }.verdict()
        == "RIP 0x1008 lies in the GDT, where no code is: was a null pointer called?")
  }

  @Test("a bad stack explains how RIP went astray")
  func bothAstray() throws {
    let builder = try StateBuilder().with {
      $0.registers.rip = .max
      $0.registers.rsp = 0xD000_0000
    }
    #expect(
      builder.verdict()
        == "RIP 0xffffffffffffffff is not mapped: its PML4E is not present; "
        + "the stack pointer 0xd0000000 lies outside RAM, which ends at 0x200000")
  }

  @Test("32-bit code in 64-bit mode, and the other way round")
  func wrongMode() throws {
    let pusha: [UInt8] = [0x60]
    #expect(
      try StateBuilder(.long, code: pusha).verdict()
        == "executed pusha, which does not exist in 64-bit long mode: "
        + "was the image built for 32-bit mode (--mode protected)?")
    #expect(
      try StateBuilder(.protected, code: pusha).verdict()
        == "an exception had no handler: the IDT limit is 0")
    #expect(
      try StateBuilder(.protected, code: [0x0F, 0x01, 0xF8]).verdict()
        == "executed swapgs, which does not exist in 32-bit protected mode: "
        + "was the image built for 64-bit mode (--mode long)?")
  }

  @Test("32-bit paging at the moment that it is switched on")
  func paging() throws {
    let builder = try StateBuilder(.protected, code: [0x0F, 0x22, 0xC1])
    #expect(
      builder.with { $0.registers.rcx = 0x8000_0011 }.verdict()
        == "died as it switched 32-bit paging on, which this host's KVM may not support: "
        + "scanline probe tells")
    #expect(builder.verdict() == "an exception had no handler: the IDT limit is 0")
  }

  @Test("an emulation failure names bytes and level")
  func emulation() throws {
    let builder = try StateBuilder(code: [0x9B, 0xC3])
    #expect(
      builder.verdict(.emulationFailure)
        == "executed the instruction that begins with 9b c3 00, "
        + "which this host's KVM does not emulate at CPL 0")
  }

  @Test("other causes")
  func otherCauses() throws {
    let builder = try StateBuilder()
    #expect(
      builder.verdict(.internalError(suberror: 3))
        == "an exception or interrupt could not be delivered: "
        + "the IDT, the handler's stack or the TSS is not in RAM")
    #expect(
      builder.verdict(.failedEntry(hardwareReason: 0x8000_0021))
        == "the guest's control and segment registers contradict each other")
    #expect(builder.verdict(.failedEntry(hardwareReason: 7)) == nil)
    #expect(builder.verdict(.internalError(suberror: 4)) == nil)
  }

  @Test("an AMD host's registers after a shutdown prove nothing")
  func amd() throws {
    let reset = try StateBuilder(.real).with {
      $0.registers.rip = 0xFFF0
      $0.special.cs.selector = 0xF000
      $0.special.cs.base = 0xFFFF_0000
    }
    #expect(reset.verdict(resetsAtShutdown: true)?.hasPrefix("an AMD host resets") == true)
    #expect(reset.verdict()?.contains("AMD") == false)
    let code = try StateBuilder(code: [0x0F, 0x0B])
    #expect(code.verdict(resetsAtShutdown: true)?.hasPrefix("executed ud2") == true)
  }

  @Test("what a vCPU did that would never have ended")
  func endless() throws {
    let jump = try StateBuilder(code: [0xEB, 0xFE])
    #expect(jump.verdict(nil) == "it jumped to itself for ever, with interrupts off")
    #expect(
      jump.with { $0.registers.rflags |= 1 << 9 }.verdict(nil)
        == "it jumped to itself for ever, with interrupts on")
    let read = ExitRecord(kind: .in, address: 0x64, size: 1, count: 1, value: 0xFF)
    let poll = try StateBuilder().with { $0.exits = Array(repeating: read, count: 32) }
    #expect(poll.verdict(nil) == "it polled port 0x64, which always read 0xff")
    #expect(poll.with { $0.exits.removeLast() }.verdict(nil) == nil)
    #expect(try StateBuilder().verdict(nil) == nil)
  }

  @Test("real mode: segment and offset")
  func realMode() throws {
    let builder = try StateBuilder(.real, code: [0x0F, 0x0B])
    #expect(builder.state.instructionPointer == StateBuilder.entry)
    #expect(builder.state.code.starts(with: [0x0F, 0x0B]))
    #expect(builder.verdict() == "executed ud2 (#UD): the IDT limit is 0, so nothing handles it")
  }
}
