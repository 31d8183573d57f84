import KVM
import Testing

@Suite("The example of the documentation", .needsKVM, .timeLimit(.minutes(5)))
struct DocumentationExampleTests {
  /// The code of `KVM.docc/KVM.md`, with the output collected instead of printed.
  @Test func `the example prints what it says`() throws {
    var output: [UInt8] = []

    let hypervisor = try Hypervisor()
    let machine = try hypervisor.makeVirtualMachine()
    let memory = try MemoryRegion(size: 0x1000)
    // mov dx, 0x3F8; mov al, '!'; out dx, al; hlt
    unsafe memory.bytes.copyBytes(from: [0xBA, 0xF8, 0x03, 0xB0, 0x21, 0xEE, 0xF4])
    _ = try machine.makeMemorySlot(index: 0, guestAddress: 0x1000, memory: memory)
    let vcpu = try machine.makeVCPU(id: 0)

    var special = try vcpu.specialRegisters()
    special.cs.base = 0
    special.cs.selector = 0
    try vcpu.setSpecialRegisters(special)
    var registers = try vcpu.registers()
    registers.rip = 0x1000
    try vcpu.setRegisters(registers)

    while case .portIO(let io) = try vcpu.run() {
      output.append(unsafe io.bytes[0])
    }
    #expect(output == [33])
  }
}
