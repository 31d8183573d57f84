extension Mnemonic {
  /// What `instruction` is; nil if it is not in the set.
  init?(_ instruction: Instruction) {
    let found =
      switch instruction.map {
      case .oneByte: Self.oneByte(instruction) ?? Self.host(instruction)
      case .twoByte: Self.system(instruction) ?? Self.host(instruction)
      case .threeByte38: Self.threeByte(instruction)
      }
    guard let found else { return nil }
    self = found
  }

  private static func host(_ instruction: Instruction) -> Mnemonic? {
    HostInstructionSet.shared[instruction].map { .host($0) }
  }

  private static func oneByte(_ instruction: Instruction) -> Mnemonic? {
    let isIn64Bit = instruction.bits == 64
    return switch instruction.opcode {
    case 0x9B: .fwait
    case 0xCC: .int3
    case 0xCD: .int
    case 0xCF: .iret
    case 0xF1: .int1
    case 0xD8...0xDF: x87(instruction)
    case _ where isIn64Bit: nil
    case 0xCE: .into
    case 0x27: .daa
    case 0x2F: .das
    case 0x37: .aaa
    case 0x3F: .aas
    case 0xD4: .aam
    case 0xD5: .aad
    default: nil
    }
  }

  /// Those of control and of state. Intel SDM volume 2, tables.
  private static func x87(_ instruction: Instruction) -> Mnemonic? {
    let isMemory = instruction.memory != nil
    return switch (instruction.opcode, instruction.opcodeExtension) {
    case (0xD9, 4) where isMemory: .fldenv
    case (0xD9, 5) where isMemory: .fldcw
    case (0xD9, 6) where isMemory: .fnstenv
    case (0xD9, 7) where isMemory: .fnstcw
    case (0xDD, 4) where isMemory: .frstor
    case (0xDD, 6) where isMemory: .fnsave
    case (0xDD, 7) where isMemory: .fnstsw
    case (0xDB, _) where instruction.modRM == 0xE2: .fnclex
    case (0xDB, _) where instruction.modRM == 0xE3: .fninit
    case (0xDF, _) where instruction.modRM == 0xE0: .fnstsw
    default: nil
    }
  }

  private static func threeByte(_ instruction: Instruction) -> Mnemonic? {
    switch (instruction.opcode, instruction.mandatoryPrefix) {
    case (0x82, .p66) where instruction.memory != nil: .invpcid
    case (0xF0, .pF2), (0xF1, .pF2): .crc32
    default: nil
    }
  }

  /// The opcodes after 0F without vectors, and those groups that have both.
  private static func system(_ instruction: Instruction) -> Mnemonic? {
    let prefix = instruction.mandatoryPrefix
    let isMemory = instruction.memory != nil
    return switch (instruction.opcode, instruction.opcodeExtension, prefix) {
    case (0x00, 4, _): .verr
    case (0x00, 5, _): .verw
    case (0x01, _, _) where prefix == .none: group7(instruction.modRM)
    case (0x02, _, _): .lar
    case (0x03, _, _): .lsl
    case (0x1E, 1, .pF3) where !isMemory: .rdssp
    case (0x77, _, .none): .emms
    case (0xAE, 2, .none) where isMemory: .ldmxcsr
    case (0xAE, 3, .none) where isMemory: .stmxcsr
    case (0xAE, 4, .none) where isMemory: .xsave
    case (0xAE, 5, .none) where isMemory: .xrstor
    case (0xAE, 6, .none) where isMemory: .xsaveopt
    case (0xC7, 4, .none) where isMemory: .xsavec
    case (0xAE, 6, .p66) where isMemory: .clwb
    case (0xAE, 7, .none) where isMemory: .clflush
    case (0xAE, 7, .p66) where isMemory: .clflushopt
    case (0xB8, _, .pF3): .popcnt
    case (0xC7, 1, _) where isMemory && instruction.isWide: .cmpxchg16b
    default: nil
    }
  }

  private static func group7(_ modRM: UInt8?) -> Mnemonic? {
    switch modRM {
    case 0xCA: .clac
    case 0xCB: .stac
    case 0xD0: .xgetbv
    case 0xD1: .xsetbv
    case 0xF9: .rdtscp
    default: nil
    }
  }
}
