import CKVM
import KVM

/// The x87 but for its control, by the host's processor. Intel SDM volume 1, chapter 8.
extension AssistedProcessor {
  mutating func executeX87(
    _ instruction: Instruction, _ host: HostInstruction, _ code: HostCode
  ) throws(Interruption) {
    try requireX87()
    guard var state = extended else { throw .unsupported }
    guard features.fisttp || host.name != "fisttp" else { throw .invalidOpcode }
    try raisePending(state)
    // Or the host's own would be pending.
    state.updateErrorSummary()

    var operands = HostCode.Operands(flags: registers.rflags & Flag.arithmetic)
    if instruction.memory != nil, !host.isStore {
      operands.memory = Vector128(try readMemory(instruction, size: host.size))
    }
    code.execute(host.number, on: &state, &operands)
    if instruction.memory != nil, host.isStore {
      if state.preventsStore {
        let address = try linearAddress(instruction, size: host.size, isWrite: true)
        try guest.probe(host.size, at: address, .write, as: privilege)
      } else {
        try writeMemory(operands.memory.bytes(host.size), instruction)
      }
    }
    registers.rflags = registers.rflags & ~Flag.arithmetic | operands.flags & Flag.arithmetic
    notePointers(instruction, &state)
    extended = state
  }

  /// What FNSTENV and FXSAVE show of the last instruction, without its selectors, for which KVM has no
  /// place. Intel SDM volume 1, section 8.1.8.
  private func notePointers(_ instruction: Instruction, _ state: inout ExtendedState) {
    state.pointers.opcode =
      UInt16(instruction.opcode & 7) << 8 | UInt16(instruction.modRM ?? 0)
    state.pointers.instruction = registers.rip
    if let memory = instruction.memory,
      state.hasPendingException || !features.pointsAtOperandsOfExceptionsOnly
    {
      state.pointers.operand = effectiveAddress(memory, instruction)
    }
  }
}

extension ExtendedState {
  /// Whether an exception that was just raised keeps the result from memory: each but an inexact one.
  /// Intel SDM volume 1, sections 8.5.1 to 8.5.6.
  fileprivate var preventsStore: Bool { status & ~control & 0x1F != 0 }
}
