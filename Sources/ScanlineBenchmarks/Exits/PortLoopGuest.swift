import CKVM
import CReferenceLoop
import KVM
import VMM

/// A vCPU whose guest writes to one I/O port a number of times, and then halts.
final class PortLoopGuest {
  let vcpu: VCPU
  private let vm: VirtualMachine
  private let memory: MemoryRegion

  private static let entry: UInt64 = 0x1000

  init() throws {
    vm = try Hypervisor().makeVirtualMachine()
    memory = try MemoryRegion(size: 1 << 20)
    _ = try vm.makeMemorySlot(index: 0, guestAddress: 0, memory: memory)
    vcpu = try vm.makeVCPU(id: 0)
    // 16-bit real mode, in which every host starts a vCPU.
    let code: [UInt8] = [
      0xEE,  // out dx, al
      0x66, 0x49,  // dec ecx
      0x75, 0xFB,  // jnz to the start
      0xF4,  // hlt
    ]
    unsafe memory.bytes[Int(Self.entry)...].copyBytes(from: code)
    var special = try vcpu.specialRegisters()
    special.cs.base = 0
    special.cs.selector = 0
    try vcpu.setSpecialRegisters(special)
  }

  /// Puts the guest before the first of `count` accesses to `port`.
  private func rewind(port: UInt16, count: Int) throws {
    var registers = Registers()
    registers.rip = Self.entry
    registers.rflags = 2
    registers.rdx = UInt64(port)
    registers.rcx = UInt64(count)
    try vcpu.setRegisters(registers)
  }

  /// Seconds for `count` exits, served by the machine's own loop.
  func run(_ loop: ExitLoop, port: UInt16, count: Int) throws -> Double {
    try rewind(port: port, count: count)
    return try duration {
      guard case .halt = try loop.run(vcpu: vcpu) else {
        throw BenchmarkError("the guest of the exit loop did not halt")
      }
    }
  }

  /// Seconds for `count` exits, served by the C reference loop on the same vCPU.
  func runReference(port: UInt16, count: Int) throws -> Double {
    try rewind(port: port, count: count)
    var serial = reference_serial()
    serial.fd = -1
    return try duration {
      guard unsafe reference_loop(vcpu.descriptor, vcpu.runPage, &serial) == 0 else {
        throw BenchmarkError("the guest of the C loop did not halt")
      }
    }
  }
}
