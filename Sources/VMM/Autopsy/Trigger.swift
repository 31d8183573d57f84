import CKVM
import KVM

/// The exception that a vCPU must have met where it stands, when its registers leave no doubt.
struct Trigger: Equatable {
  let exception: ProcessorException
  /// What it did, such as `executed ud2`.
  let deed: String

  /// nil unless one is certain.
  init?(_ state: VCPUState) {
    let opcode = Opcode(state)
    if let found = opcode.trigger ?? Self.pageFault(state) {
      self = found
    } else {
      return nil
    }
  }

  init(_ exception: ProcessorException, _ deed: String) {
    self.exception = exception
    self.deed = deed
  }

  /// The last page fault's address is still not mapped for the code that runs.
  private static func pageFault(_ state: VCPUState) -> Trigger? {
    let address = state.specialRegisters.cr2
    guard address != 0, state.specialRegisters.cr0 & ControlRegister.paging != 0 else { return nil }
    if state.faultWalk.physical == nil {
      return Trigger(.pageFault, "page fault at \(address.hexadecimal)")
    }
    let isUserPage = state.faultWalk.entries.allSatisfy { $0.value & 0b100 != 0 }
    guard state.specialRegisters.privilegeLevel == 3, !isUserPage,
      state.faultWalk.paging != "PAE paging"
    else { return nil }
    return Trigger(
      .pageFault, "page fault at \(address.hexadecimal), a supervisor's page, at CPL 3")
  }
}

/// What can be told of an instruction from its first bytes alone. Intel SDM volume 2, appendix A.
private struct Opcode {
  private let state: VCPUState
  /// From the opcode on, without prefixes.
  private let bytes: ArraySlice<UInt8>
  private var hasOperandSize = false
  private var extensions: UInt8 = 0

  init(_ state: VCPUState) {
    self.state = state
    var rest = state.code[...]
    if rest.first == 0x66 {
      hasOperandSize = true
      rest.removeFirst()
    }
    if state.mode.bits == 64, let byte = rest.first, byte & 0xF0 == 0x40 {
      extensions = byte
      rest.removeFirst()
    }
    bytes = rest
  }

  private func byte(_ index: Int) -> UInt8? { bytes.dropFirst(index).first }

  var trigger: Trigger? {
    invalidOpcode ?? softwareInterrupt ?? privileged ?? division
  }

  private var invalidOpcode: Trigger? {
    guard byte(0) == 0x0F else { return nil }
    switch byte(1) {
    case 0x0B: return Trigger(.invalidOpcode, "executed ud2")
    case 0xB9: return Trigger(.invalidOpcode, "executed ud1")
    case 0xFF: return Trigger(.invalidOpcode, "executed ud0")
    default: return nil
    }
  }

  private var softwareInterrupt: Trigger? {
    switch (byte(0), byte(1)) {
    case (0xCC, _): Trigger(.breakpoint, "executed int3")
    case (0xF1, _): Trigger(.debug, "executed int1")
    case (0xCD, let vector?):
      Trigger(ProcessorException(rawValue: vector), "executed int \(vector.hexadecimal)")
    default: nil
    }
  }

  /// What only CPL 0 may do, and `cli` and `sti`, which IOPL governs.
  private var privileged: Trigger? {
    let level = state.specialRegisters.privilegeLevel
    guard level > 0, !state.mode.isReal else { return nil }
    let ioLevel = UInt8(truncatingIfNeeded: state.registers.rflags >> 12 & 3)
    let register = (byte(2) ?? 0) >> 3 & 7
    let isMemory = (byte(2) ?? 0xFF) < 0xC0
    let name: String? =
      switch (byte(0), byte(1)) {
      case (0xF4, _): "hlt"
      case (0xFA, _) where level > ioLevel: "cli"
      case (0xFB, _) where level > ioLevel: "sti"
      case (0x0F, 0x00) where register == 2: "lldt"
      case (0x0F, 0x00) where register == 3: "ltr"
      case (0x0F, 0x01) where isMemory && register == 2: "lgdt"
      case (0x0F, 0x01) where isMemory && register == 3: "lidt"
      case (0x0F, 0x01) where isMemory && register == 7: "invlpg"
      case (0x0F, 0x06): "clts"
      case (0x0F, 0x20), (0x0F, 0x22): "mov with a control register"
      case (0x0F, 0x21), (0x0F, 0x23): "mov with a debug register"
      case (0x0F, 0x30): "wrmsr"
      case (0x0F, 0x32): "rdmsr"
      default: nil
      }
    return name.map { Trigger(.generalProtection, "executed \($0) at CPL \(level)") }
  }

  /// `div` and `idiv` by a register of 16 bits or more that is 0.
  private var division: Trigger? {
    guard byte(0) == 0xF7, let operand = byte(1), operand >= 0xF0 else { return nil }
    let number = Int(operand & 7) + (extensions & 1 != 0 ? 8 : 0)
    let value = state.registers.general(number)
    let isZero =
      if extensions & 8 != 0 {
        value == 0
      } else if (state.mode.bits == 16) != hasOperandSize {
        UInt16(truncatingIfNeeded: value) == 0
      } else {
        UInt32(truncatingIfNeeded: value) == 0
      }
    return isZero ? Trigger(.divideError, "divided by 0") : nil
  }
}
