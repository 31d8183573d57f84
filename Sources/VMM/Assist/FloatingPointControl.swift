import CKVM
import KVM

/// The x87 control instructions, EMMS, and those of MXCSR. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeFloatingPointControl(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    try requireUnit(mnemonic)
    guard var state = extended else { throw .unsupported }
    switch mnemonic {
    case .fwait: try raisePending(state)
    case .fninit: state.initializeX87()
    case .fnclex: state.status &= 0x7F00
    case .fnstcw: try writeMemory(UInt64(state.control).littleEndianBytes(2), instruction)
    case .fnstsw:
      if instruction.memory != nil {
        try writeMemory(UInt64(state.status).littleEndianBytes(2), instruction)
      } else {
        registers.setGeneral(0, UInt64(state.status), size: 2)
      }
    case .fldcw:
      try raisePending(state)
      let value = UInt16(truncatingIfNeeded: try readMemory(instruction, size: 2).littleEndian)
      state.control = ExtendedState.valid(control: value)
      state.updateErrorSummary()
    case .emms:
      try raisePending(state)
      state.enterMMX()
      state.tags = 0
    case .stmxcsr: try writeMemory(UInt64(state.mxcsr).littleEndianBytes(4), instruction)
    default:
      let value = UInt32(truncatingIfNeeded: try readMemory(instruction, size: 4).littleEndian)
      guard value & ~state.mxcsrMask == 0 else { throw .generalProtection() }
      state.mxcsr = value
    }
    extended = state
  }

  /// The unit may be switched off, or somebody else's. Intel SDM volume 3, section 2.5, and volume 2,
  /// table 2-20 and the exceptions of EMMS.
  private func requireUnit(_ mnemonic: Mnemonic) throws(Interruption) {
    switch mnemonic {
    case .fwait:
      let both = ControlRegister.monitorCoprocessor | ControlRegister.taskSwitched
      if special.cr0 & both == both { throw .deviceNotAvailable }
    case .emms: try requireMMX()
    case .ldmxcsr, .stmxcsr: try requireSSE()
    default: try requireX87()
    }
  }

  func requireX87() throws(Interruption) {
    if special.cr0 & (ControlRegister.emulation | ControlRegister.taskSwitched) != 0 {
      throw .deviceNotAvailable
    }
  }

  func requireMMX() throws(Interruption) {
    if special.cr0 & ControlRegister.emulation != 0 { throw .invalidOpcode }
    if special.cr0 & ControlRegister.taskSwitched != 0 { throw .deviceNotAvailable }
  }

  func requireSSE() throws(Interruption) {
    if special.cr4 & ControlRegister.osFXSR == 0 { throw .invalidOpcode }
    try requireMMX()
  }

  /// What a waiting instruction does first. Without CR0.NE the exception would go out by FERR# and
  /// the PIC, which the assist leaves out.
  func raisePending(_ state: ExtendedState) throws(Interruption) {
    guard state.hasPendingException else { return }
    throw special.cr0 & ControlRegister.numericError != 0
      ? .fault(Fault(.x87FloatingPoint)) : .unsupported
  }
}

extension ExtendedState {
  /// The flags in the status word, and their masks in the control word.
  static let exceptions: UInt16 = 0x3F
  /// ES, and B, which repeats it.
  private static let errorSummary: UInt16 = 0x8080

  /// Whether an exception is flagged that the control word lets through.
  var hasPendingException: Bool { status & ~control & Self.exceptions != 0 }

  /// A control word as processors keep it: bit 6 is 1, the reserved ones are 0.
  static func valid(control: UInt16) -> UInt16 { control & 0x1F3F | 0x40 }

  mutating func updateErrorSummary() {
    status = status & ~Self.errorSummary | (hasPendingException ? Self.errorSummary : 0)
  }
}
