import CKVM
import KVM

/// Moves and simple integer operations of MMX, SSE and SSE2: what compilers make of copies, zeroes and
/// small structures. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeVector(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    if instruction.usesMMX(mnemonic) { return try executeMMX(instruction, mnemonic) }
    try requireSSE()
    guard var state = extended else { throw .unsupported }
    switch mnemonic {
    case .movd, .movq: try move(instruction, mnemonic, &state)
    case .movss: try moveScalar(instruction, size: 4, &state)
    case .movsd: try moveScalar(instruction, size: 8, &state)
    case .movlps, .movlpd, .movhps, .movhpd, .movhlps, .movlhps:
      try moveHalf(instruction, mnemonic, &state)
    default:
      let source = try readVector(instruction, state)
      let target = state.xmm(instruction.register)
      guard
        let result = VectorOperation(mnemonic, immediate: instruction.immediate)?(target, source)
      else { throw .unsupported }
      state.setXMM(instruction.register, result)
    }
    extended = state
  }

  /// 16 bytes of a register or of memory, which must be aligned.
  private func readVector(
    _ instruction: Instruction, _ state: ExtendedState
  ) throws(Interruption) -> Vector128 {
    guard instruction.memory != nil else { return state.xmm(instruction.otherRegister) }
    return Vector128(try readMemory(instruction, size: 16, alignment: 16))
  }

  /// MOVD and MOVQ between a vector register and memory, a general register, or another one.
  private mutating func move(
    _ instruction: Instruction, _ mnemonic: Mnemonic, _ state: inout ExtendedState
  ) throws(Interruption) {
    let size = mnemonic == .movq ? 8 : 4
    let isAmongVectors = instruction.opcode == 0xD6 || instruction.repeatPrefix == .f3
    let isStore = instruction.repeatPrefix != .f3 && instruction.opcode != 0x6E
    let register = instruction.register
    if isStore {
      let value = state.xmm(register).low
      if instruction.memory != nil {
        try writeMemory(value.littleEndianBytes(size), instruction)
      } else if isAmongVectors {
        state.setXMM(instruction.otherRegister, Vector128(low: value))
      } else {
        registers.setGeneral(instruction.otherRegister, value, size: size)
      }
    } else if isAmongVectors, instruction.memory == nil {
      state.setXMM(register, Vector128(low: state.xmm(instruction.otherRegister).low))
    } else {
      state.setXMM(register, Vector128(low: try readOperand(instruction, size: size)))
    }
  }

  /// MOVSS and MOVSD: a load clears the rest of the register, a move between registers keeps it.
  private func moveScalar(
    _ instruction: Instruction, size: Int, _ state: inout ExtendedState
  ) throws(Interruption) {
    let isStore = instruction.opcode == 0x11
    if instruction.memory != nil {
      if isStore {
        try writeMemory(state.xmm(instruction.register).bytes(size), instruction)
      } else {
        state.setXMM(instruction.register, Vector128(try readMemory(instruction, size: size)))
      }
      return
    }
    let (from, to) =
      isStore
      ? (instruction.register, instruction.otherRegister)
      : (instruction.otherRegister, instruction.register)
    let mask = Self.mask(bytes: size)
    var value = state.xmm(to)
    value.low = value.low & ~mask | state.xmm(from).low & mask
    state.setXMM(to, value)
  }

  private func moveHalf(
    _ instruction: Instruction, _ mnemonic: Mnemonic, _ state: inout ExtendedState
  ) throws(Interruption) {
    let isHigh = mnemonic == .movhps || mnemonic == .movhpd
    var value = state.xmm(instruction.register)
    switch mnemonic {
    case .movhlps: value.low = state.xmm(instruction.otherRegister).high
    case .movlhps: value.high = state.xmm(instruction.otherRegister).low
    case _ where instruction.opcode & 1 != 0:
      return try writeMemory(
        (isHigh ? value.high : value.low).littleEndianBytes(8), instruction)
    default:
      let half = try readMemory(instruction, size: 8).littleEndian
      if isHigh { value.high = half } else { value.low = half }
    }
    state.setXMM(instruction.register, value)
  }

  // MARK: MMX

  /// Intel SDM volume 3, section 12.1 to 12.3.
  private mutating func executeMMX(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    guard special.cr0 & ControlRegister.emulation == 0 else { throw .invalidOpcode }
    if special.cr0 & ControlRegister.taskSwitched != 0 { throw .deviceNotAvailable }
    guard var state = extended else { throw .unsupported }
    try raisePending(state)
    let register = Int(instruction.opcodeExtension)
    let value = state.mmx(register)
    var result: UInt64?
    switch (mnemonic, instruction.opcode) {
    case (.movd, 0x7E), (.movq, 0x7E):
      let size = mnemonic == .movq ? 8 : 4
      if instruction.memory != nil {
        try writeMemory(value.littleEndianBytes(size), instruction)
      } else {
        registers.setGeneral(instruction.otherRegister, value, size: size)
      }
    case (.movd, _), (.movq, _):
      result = try readOperand(instruction, size: mnemonic == .movq ? 8 : 4)
    default:
      let source =
        instruction.memory == nil
        ? state.mmx(Int((instruction.modRM ?? 0) & 7))
        : try readMemory(instruction, size: 8).littleEndian
      result =
        VectorOperation(mnemonic, immediate: 0)?(
          Vector128(low: value), Vector128(low: source)
        ).low
    }
    state.enterMMX()
    if let result { state.setMMX(register, result) }
    extended = state
  }
}

extension Instruction {
  /// Whether the vector registers are MM0 to MM7.
  fileprivate func usesMMX(_ mnemonic: Mnemonic) -> Bool {
    guard repeatPrefix == .none, !hasOperandSizePrefix else { return false }
    return switch mnemonic {
    case .movd, .movq, .pand, .pandn, .por, .pxor: true
    default: false
    }
  }
}
