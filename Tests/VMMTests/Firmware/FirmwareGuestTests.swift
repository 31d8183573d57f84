import KVM
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The tables from inside a machine.
  @Suite struct FirmwareGuestTests {
    /// Follows the boot-information block to the RSDP, the XSDT and the MADT, and writes the number
    /// of local APICs to the debug exit.
    private static let countProcessors: [UInt8] = [
      0x48, 0x8B, 0x34, 0x25, 0x58, 0x60, 0x00, 0x00,  // movq 0x6058, %rsi: the RSDP
      0x48, 0x8B, 0x76, 0x18,  // movq 24(%rsi), %rsi: the XSDT
      0x48, 0x83, 0xC6, 0x24,  // addq $36, %rsi: its entries
      0x48, 0x8B, 0x1E,  // 1: movq (%rsi), %rbx
      0x48, 0x83, 0xC6, 0x08,  // addq $8, %rsi
      0x81, 0x3B, 0x41, 0x50, 0x49, 0x43,  // cmpl "APIC", (%rbx)
      0x75, 0xF1,  // jne 1b
      0x8B, 0x4B, 0x04,  // movl 4(%rbx), %ecx: the length
      0x48, 0x01, 0xD9,  // addq %rbx, %rcx: the end
      0x48, 0x83, 0xC3, 0x2C,  // addq $44, %rbx: the first structure
      0x31, 0xC0,  // xorl %eax, %eax
      0x80, 0x3B, 0x00,  // 2: cmpb $0, (%rbx): a local APIC?
      0x75, 0x02,  // jne 3f
      0xFF, 0xC0,  // incl %eax
      0x0F, 0xB6, 0x53, 0x01,  // 3: movzbl 1(%rbx), %edx
      0x48, 0x01, 0xD3,  // addq %rdx, %rbx
      0x48, 0x39, 0xCB,  // cmpq %rcx, %rbx
      0x72, 0xED,  // jb 2b
      0xE6, 0xF4,  // outb %al, $0xF4
    ]

    @Test("a guest counts its CPUs", arguments: [1, 2, 8])
    func processors(count: Int) throws {
      let machine = try TestMachine(.code(Self.countProcessors)) {
        $0.cpuCount = count
        $0.interruptController = .kernel
      }
      #expect(try machine.run().label == "debug exit \(count)")
    }

    @Test("the timer arrives on the I/O APIC's input 2, as the tables say")
    func timerPin() throws {
      let code = GuestCode { code in
        code.store32(0x1FF, at: 0xFEE0_00F0)  // local APIC: enabled
        code.store32(0x14, at: 0xFEC0_0000)  // input 2:
        code.store32(0x40, at: 0xFEC0_0010)  // vector 0x40, edge, not masked
        code.out8(0x43, 0x34)  // counter 0, mode 2
        code.out8(0x40, 0)
        code.out8(0x40, 0x10)
        code.append([0xA1] + little(0xFEE0_0220 as UInt64))  // 1: movabsl IRR of 0x40, %eax
        code.append([0xA8, 0x01, 0x74, 0xF3])  // testb $1, %al; jz 1b
        code.out8(0xF4, 7)
      }
      let machine = try TestMachine(.code(code.bytes)) { $0.interruptController = .kernel }
      #expect(try machine.run().label == "debug exit 7")
    }

    @Test("every interrupt reaches the inputs that the tables give it")
    func routes() throws {
      let vm = try Hypervisor().makeVirtualMachine()
      try vm.makeIRQChip()
      try vm.setGSIRouting(InterruptWiring.kernelRoutes)
      for gsi in 0..<UInt32(24) where gsi != 2 {
        try vm.setIRQLine(gsi: gsi, level: true)
        let ioapic = try vm.irqChip(.ioapic)
        // kvm_irqchip: chip_id, pad; kvm_ioapic_state: base_address, ioregsel, id, irr.
        let inputs = unsafe withUnsafeBytes(of: ioapic) {
          unsafe $0.load(fromByteOffset: 24, as: UInt32.self)
        }
        #expect(inputs == 1 << (gsi == 0 ? 2 : gsi), "GSI \(gsi)")
        try vm.setIRQLine(gsi: gsi, level: false)
      }
    }

    @Test("the tables are those of the machine", arguments: [(1, false), (1, true), (3, true)])
    func tables(cpuCount: Int, hasInterruptController: Bool) throws {
      let machine = try TestMachine(.code([0xF4])) {
        $0.cpuCount = cpuCount
        $0.interruptController = hasInterruptController ? .kernel : .none
      }
      let expected = FirmwareTables(
        cpuCount: UInt8(cpuCount), hasLocalAPIC: hasInterruptController, ioAPICVersion: 0x11,
        processor: MPTable.Processor(try Hypervisor().supportedCPUID())
      ).bytes
      #expect(machine.machine.readMemory(expected.count, at: 0xF_0000) == expected)
    }
  }
}
