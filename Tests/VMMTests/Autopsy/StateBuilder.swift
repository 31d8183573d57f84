import CKVM
import KVM

@testable import VMM

/// A vCPU's state made by hand, in 2 MiB of RAM that the tests fill.
struct StateBuilder {
  static let entry: UInt64 = 0x10_0000

  let memory: GuestMemory
  var registers = Registers()
  var special = SpecialRegisters()
  var exits: [ExitRecord] = []

  /// Executes `code` at ``entry`` in `mode`, as an image would that was just entered.
  init(_ mode: CPUMode = .long, code: [UInt8] = [0x90]) throws {
    memory = try GuestMemory(size: 2 << 20)
    _ = memory.write(code, at: GuestAddress(Self.entry))
    registers.rip = Self.entry
    registers.rsp = 0x9_0000
    registers.rflags = 2
    special.ss.db = 1
    special.gdt.base = 0x1000
    special.gdt.limit = 0x47
    switch mode {
    case .real:
      special.ss.db = 0
      special.cs.base = Self.entry
      registers.rip = 0
    case .protected:
      special.cs.db = 1
      special.cr0 = ControlRegister.protectionEnable
    case .long:
      special.cs.l = 1
      special.cr0 = ControlRegister.protectionEnable | ControlRegister.paging
      special.cr3 = MemoryMap.pageTables.rawValue
      special.cr4 = ControlRegister.physicalAddressExtension
      special.efer = ControlRegister.longModeEnable | ControlRegister.longModeActive
      PageTables.write(to: memory)
    }
  }

  /// The same, changed.
  func with(_ change: (inout StateBuilder) -> Void) -> StateBuilder {
    var copy = self
    change(&copy)
    return copy
  }

  var state: VCPUState {
    VCPUState(
      VCPUState.Source(registers: registers, specialRegisters: special, exits: exits),
      in: PhysicalMap(memory: memory, framebufferSize: 16 << 20))
  }

  func verdict(
    _ cause: CrashReport.Cause? = .tripleFault, resetsAtShutdown: Bool = false
  ) -> String? {
    Verdict(
      cause: cause, state: state, resetsAtShutdown: resetsAtShutdown, instructions: []
    ).sentence
  }

  /// Puts an IDT with one 64-bit interrupt gate at 0x8000.
  mutating func addGate(_ vector: Int, handler: UInt64) {
    special.idt.base = 0x8000
    special.idt.limit = 0xFFF
    let gate = GuestAddress(0x8000 + UInt64(vector) * 16)
    let low = handler & 0xFFFF | 0x08 << 16 | 0x8E00 << 32 | (handler >> 16 & 0xFFFF) << 48
    _ = memory.store(low, at: gate)
    _ = memory.store(handler >> 32, at: GuestAddress(gate.rawValue + 8))
  }
}
