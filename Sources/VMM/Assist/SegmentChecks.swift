import CKVM
import KVM

/// VERR, VERW, LAR and LSL. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeSegmentCheck(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    guard !mode.isReal else { throw .invalidOpcode }
    let selector = Selector(
      UInt16(truncatingIfNeeded: try readOperand(instruction, size: 2)))
    registers.rflags &= ~Flag.zero
    guard !selector.isNull, let descriptor = try descriptor(selector),
      isVisible(descriptor, selector), isValid(descriptor, for: mnemonic)
    else { return }
    registers.rflags |= Flag.zero
    switch mnemonic {
    case .lar:
      registers.setGeneral(
        instruction.register, descriptor.rawValue >> 32 & 0x00F0_FF00,
        size: instruction.operandSize)
    case .lsl:
      registers.setGeneral(
        instruction.register, UInt64(descriptor.limit), size: instruction.operandSize)
    default: break
    }
  }

  /// Whether the descriptor may be seen from CPL and RPL.
  private func isVisible(_ descriptor: SegmentDescriptor, _ selector: Selector) -> Bool {
    descriptor.isConforming
      || max(privilegeLevel, selector.requestedPrivilegeLevel) <= descriptor.privilegeLevel
  }

  private func isValid(_ descriptor: SegmentDescriptor, for mnemonic: Mnemonic) -> Bool {
    switch mnemonic {
    case .verr: descriptor.isReadable
    case .verw: descriptor.isWritableData
    case .lar:
      // LDT, TSS, and outside of long mode 16-bit TSS, and gates.
      !descriptor.isSystem
        || (isLongModeActive ? [2, 9, 11, 12] : [1, 2, 3, 4, 5, 9, 11, 12])
          .contains(descriptor.type)
    default:
      !descriptor.isSystem
        || (isLongModeActive ? [2, 9, 11] : [1, 2, 3, 9, 11]).contains(descriptor.type)
    }
  }
}
