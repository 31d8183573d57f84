import CKVM
import KVM

/// MMX, SSE and SSE2, by the host's processor. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeVector(
    _ instruction: Instruction, _ host: HostInstruction, _ code: HostCode
  ) throws(Interruption) {
    guard var state = extended else { throw .unsupported }
    if host.usesXMM { try requireSSE() }
    if host.usesMMX {
      try requireMMX()
      try raisePending(state)
    }
    let target = host.isShift ? instruction.otherRegister : instruction.register

    // Where the code works. Its x87 is as after FNINIT, and MM0 the first register.
    var scratch = state
    scratch.initializeX87()
    scratch.mxcsr = state.mxcsrForHost
    var operands = HostCode.Operands(flags: registers.rflags & Flag.arithmetic)
    load(target, of: host.register, as: 0, &scratch, &operands.rax)
    if host.isShift {
      operands.memory = Vector128(low: UInt64(instruction.immediate))
    } else if instruction.memory == nil {
      load(instruction.otherRegister, of: host.other, as: 1, &scratch, &operands.rcx)
    } else if !host.isStore {
      operands.memory = Vector128(
        try readMemory(instruction, size: host.size, alignment: alignment(of: host)))
    }
    code.execute(
      host.number + (host.hasImmediate ? Int(instruction.immediate) : 0), on: &scratch, &operands)

    try raise(scratch.mxcsr & ExtendedState.vectorExceptions, &state)
    // Which of them go over to MMX depends on their operands, too.
    if scratch.tags != 0 { state.enterMMX() }
    if !host.isStore {
      store(target, of: host.register, from: 0, scratch, operands.rax, &state, instruction)
    } else if instruction.memory == nil {
      let other = instruction.otherRegister
      store(other, of: host.other, from: 1, scratch, operands.rcx, &state, instruction)
    } else {
      try writeMemory(
        operands.memory.bytes(host.size), instruction, alignment: alignment(of: host))
    }
    registers.rflags = registers.rflags & ~Flag.arithmetic | operands.flags & Flag.arithmetic
    extended = state
  }

  private func alignment(of host: HostInstruction) -> UInt64 {
    host.isAligned ? UInt64(host.size) : 1
  }

  // MARK: Registers

  /// Puts the guest's register `number` where the code has its register 0 or 1.
  private func load(
    _ number: Int, of file: HostInstruction.RegisterFile?, as place: Int,
    _ scratch: inout ExtendedState, _ general: inout UInt64
  ) {
    guard let state = extended else { return }
    switch file {
    case .general: general = registers.general(number)
    case .mmx: scratch.setMMX(place, state.mmx(number & 7))
    case .xmm: scratch.setXMM(place, state.xmm(number))
    case nil: break
    }
  }

  private mutating func store(
    _ number: Int, of file: HostInstruction.RegisterFile?, from place: Int,
    _ scratch: ExtendedState, _ general: UInt64, _ state: inout ExtendedState,
    _ instruction: Instruction
  ) {
    switch file {
    case .general: registers.setGeneral(number, general, size: instruction.isWide ? 8 : 4)
    case .mmx: state.setMMX(number & 7, scratch.mmx(place))
    case .xmm: state.setXMM(number, scratch.xmm(place))
    case nil: break
    }
  }

  // MARK: Exceptions

  /// Flags what was found, and raises what is not masked. Intel SDM volume 1, section 11.5.2.
  private func raise(_ found: UInt32, _ state: inout ExtendedState) throws(Interruption) {
    guard found != 0 else { return }
    let unmasked = found & ~(state.mxcsr >> 7)
    // What is found before the computation prevents it, and what would be found after it.
    let before = found & ExtendedState.vectorExceptionsBefore
    state.mxcsr |= unmasked & before != 0 ? before : found
    guard unmasked != 0 else { return }
    let isHandled = special.cr4 & ControlRegister.osXMMExceptions != 0
    var fault = Fault(isHandled ? .vectorFloatingPoint : .invalidOpcode)
    fault.mxcsr = state.mxcsr
    throw .fault(fault)
  }
}

extension ExtendedState {
  /// MXCSR's flags.
  fileprivate static let vectorExceptions: UInt32 = 0x3F
  /// Invalid operation, denormal operand, division by zero.
  fileprivate static let vectorExceptionsBefore: UInt32 = 0x07
  private static let vectorUnderflow: UInt32 = 1 << 4
  private static let vectorMasks: UInt32 = vectorExceptions << 7
  private static let flushToZero: UInt32 = 1 << 15

  /// MXCSR with every exception masked and none flagged.
  fileprivate var mxcsrForHost: UInt32 {
    var value = mxcsr
    // A tiny result that is exact underflows only if that is not masked, or flushed to zero.
    if value & Self.vectorUnderflow << 7 == 0 { value |= Self.flushToZero }
    return value & ~Self.vectorExceptions | Self.vectorMasks
  }
}
