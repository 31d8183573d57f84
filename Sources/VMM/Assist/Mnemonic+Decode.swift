extension Mnemonic {
  /// The prefix that chooses among the instructions of one opcode. Intel SDM volume 2, section 2.1.2.
  private enum MandatoryPrefix {
    case none, p66, pF3, pF2
  }

  /// What `instruction` is; nil if it is not in the set.
  init?(_ instruction: Instruction) {
    let found =
      switch instruction.map {
      case .oneByte: Self.oneByte(instruction)
      case .twoByte: Self.system(instruction) ?? Self.vector(instruction)
      case .threeByte38: Self.threeByte(instruction)
      }
    guard let found else { return nil }
    self = found
  }

  private static func prefix(of instruction: Instruction) -> MandatoryPrefix {
    switch instruction.repeatPrefix {
    case .f3: .pF3
    case .f2: .pF2
    case .none: instruction.hasOperandSizePrefix ? .p66 : .none
    }
  }

  private static func oneByte(_ instruction: Instruction) -> Mnemonic? {
    let isIn64Bit = instruction.bits == 64
    return switch instruction.opcode {
    case 0x9B: .fwait
    case 0xCC: .int3
    case 0xCD: .int
    case 0xCF: .iret
    case 0xF1: .int1
    case 0xD9, 0xDB, 0xDD, 0xDF: x87(instruction)
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

  /// The control instructions. Intel SDM volume 2, tables.
  private static func x87(_ instruction: Instruction) -> Mnemonic? {
    let isMemory = instruction.memory != nil
    return switch (instruction.opcode, instruction.opcodeExtension) {
    case (0xD9, 5) where isMemory: .fldcw
    case (0xD9, 7) where isMemory: .fnstcw
    case (0xDD, 7) where isMemory: .fnstsw
    case (0xDB, _) where instruction.modRM == 0xE2: .fnclex
    case (0xDB, _) where instruction.modRM == 0xE3: .fninit
    case (0xDF, _) where instruction.modRM == 0xE0: .fnstsw
    default: nil
    }
  }

  private static func threeByte(_ instruction: Instruction) -> Mnemonic? {
    switch (instruction.opcode, prefix(of: instruction)) {
    case (0x82, .p66) where instruction.memory != nil: .invpcid
    case (0xF0, .pF2), (0xF1, .pF2): .crc32
    default: nil
    }
  }

  /// The opcodes after 0F without vectors, and those groups that have both.
  private static func system(_ instruction: Instruction) -> Mnemonic? {
    let prefix = prefix(of: instruction)
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

// MARK: - Vectors

extension Mnemonic {
  private static func vector(_ instruction: Instruction) -> Mnemonic? {
    switch prefix(of: instruction) {
    case .none: unprefixed(instruction)
    case .p66: prefixed66(instruction)
    case .pF3:
      switch instruction.opcode {
      case 0x10, 0x11: .movss
      case 0x7E: .movq
      default: nil
      }
    case .pF2: instruction.opcode & 0xFE == 0x10 ? .movsd : nil
    }
  }

  /// SSE on packed single precision, and MMX.
  private static func unprefixed(_ instruction: Instruction) -> Mnemonic? {
    let isMemory = instruction.memory != nil
    return switch instruction.opcode {
    case 0x12: isMemory ? .movlps : .movhlps
    case 0x13: isMemory ? .movlps : nil
    case 0x16: isMemory ? .movhps : .movlhps
    case 0x17: isMemory ? .movhps : nil
    case 0x54: .andps
    case 0x55: .andnps
    case 0x56: .orps
    case 0x57: .xorps
    case 0xC6: .shufps
    case 0x6E, 0x7E: instruction.isWide ? .movq : .movd
    case 0xDB: .pand
    case 0xDF: .pandn
    case 0xEB: .por
    case 0xEF: .pxor
    default: nil
    }
  }

  /// SSE on packed double precision, and SSE2 on integers.
  private static func prefixed66(_ instruction: Instruction) -> Mnemonic? {
    let isMemory = instruction.memory != nil
    return switch instruction.opcode {
    case 0x12, 0x13: isMemory ? .movlpd : nil
    case 0x16, 0x17: isMemory ? .movhpd : nil
    case 0x54: .andpd
    case 0x55: .andnpd
    case 0x56: .orpd
    case 0x57: .xorpd
    case 0x60: .punpcklbw
    case 0x61: .punpcklwd
    case 0x62: .punpckldq
    case 0x6C: .punpcklqdq
    case 0x6D: .punpckhqdq
    case 0x6E, 0x7E: instruction.isWide ? .movq : .movd
    case 0x70: .pshufd
    case 0xD4: .paddq
    case 0xD6: .movq
    case 0xDB: .pand
    case 0xDF: .pandn
    case 0xEB: .por
    case 0xEF: .pxor
    case 0xF8: .psubb
    case 0xF9: .psubw
    case 0xFA: .psubd
    case 0xFB: .psubq
    case 0xFC: .paddb
    case 0xFD: .paddw
    case 0xFE: .paddd
    default: nil
    }
  }
}
