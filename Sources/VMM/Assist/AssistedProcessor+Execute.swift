import CKVM
import KVM

extension Mnemonic {
  /// What is fetched before it is executed.
  var needs: AssistedProcessor.Needs {
    switch self {
    case .xgetbv, .xsave, .xsaveopt, .xsavec, .xrstor: [.extendedState, .extendedControl]
    case .xsetbv: .extendedControl
    case .rdtscp: .timeStamp
    case .fwait, .fninit, .fnclex, .fnstcw, .fldcw, .fnstsw, .emms, .ldmxcsr, .stmxcsr,
      .fnstenv, .fldenv, .fnsave, .frstor, .host:
      .extendedState
    default: []
    }
  }
}

extension AssistedProcessor {
  /// Executes `instruction`, which was fetched at RIP.
  mutating func execute(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    guard !instruction.isLocked || mnemonic == .cmpxchg16b else { throw .invalidOpcode }
    let next = nextInstruction(after: instruction)
    switch mnemonic {
    case .int, .int3, .int1, .into, .iret:
      return try executeInterrupt(instruction, mnemonic, next: next)
    case .fwait, .fninit, .fnclex, .fnstcw, .fldcw, .fnstsw, .emms, .ldmxcsr, .stmxcsr:
      try executeFloatingPointControl(instruction, mnemonic)
    case .fnstenv, .fldenv, .fnsave, .frstor: try executeX87State(instruction, mnemonic)
    case .xgetbv, .xsetbv: try executeExtendedControl(mnemonic)
    case .xsave, .xsaveopt, .xsavec, .xrstor: try executeXSave(instruction, mnemonic)
    case .clac, .stac, .invpcid, .rdtscp, .rdssp: try executeSystem(instruction, mnemonic)
    case .clflush, .clflushopt, .clwb: try executeCacheControl(instruction, mnemonic)
    case .popcnt, .crc32, .cmpxchg16b: try executeInteger(instruction, mnemonic)
    case .verr, .verw, .lar, .lsl: try executeSegmentCheck(instruction, mnemonic)
    case .daa, .das, .aaa, .aas, .aam, .aad: try executeDecimal(instruction, mnemonic)
    case .host(let id): try executeOnHost(instruction, HostInstructionSet.shared[id])
    }
    registers.rip = next
  }

  private mutating func executeOnHost(
    _ instruction: Instruction, _ host: HostInstruction
  ) throws(Interruption) {
    guard let code = HostInstructionSet.shared.code else { throw .unsupported }
    if host.register == nil {
      try executeX87(instruction, host, code)
    } else {
      try executeVector(instruction, host, code)
    }
  }

  /// RIP behind `instruction`, as wide as the mode has it.
  func nextInstruction(after instruction: Instruction) -> UInt64 {
    let next = registers.rip &+ UInt64(instruction.length)
    return instruction.bits == 64 ? next : next & 0xFFFF_FFFF
  }
}
