import CKVM
import KVM

/// DAA, DAS, AAA, AAS, AAM and AAD. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeDecimal(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    switch mnemonic {
    case .daa: adjustPacked(isSubtraction: false)
    case .das: adjustPacked(isSubtraction: true)
    case .aaa: adjustUnpacked(isSubtraction: false)
    case .aas: adjustUnpacked(isSubtraction: true)
    case .aam:
      guard instruction.immediate != 0 else { throw .fault(Fault(.divideError)) }
      ah = al / instruction.immediate
      al %= instruction.immediate
      setResultFlags(carry: false, auxiliaryCarry: false)
    default:
      al = al &+ ah &* instruction.immediate
      ah = 0
      setResultFlags(carry: false, auxiliaryCarry: false)
    }
  }

  private var al: UInt8 {
    get { UInt8(truncatingIfNeeded: registers.rax) }
    set { registers.rax = registers.rax & ~0xFF | UInt64(newValue) }
  }

  private var ah: UInt8 {
    get { UInt8(truncatingIfNeeded: registers.rax >> 8) }
    set { registers.rax = registers.rax & ~0xFF00 | UInt64(newValue) << 8 }
  }

  private func isSet(_ flag: UInt64) -> Bool { registers.rflags & flag != 0 }

  private mutating func adjustPacked(isSubtraction: Bool) {
    let old = al
    let hadCarry = isSet(Flag.carry)
    var carry = false
    let adjustsLow = old & 0xF > 9 || isSet(Flag.auxiliaryCarry)
    if adjustsLow {
      let (result, overflows) =
        isSubtraction ? old.subtractingReportingOverflow(6) : old.addingReportingOverflow(6)
      al = result
      carry = hadCarry || overflows
    }
    if old > 0x99 || hadCarry {
      al = isSubtraction ? al &- 0x60 : al &+ 0x60
      carry = true
    } else if !isSubtraction {
      carry = false
    }
    setResultFlags(carry: carry, auxiliaryCarry: adjustsLow)
  }

  private mutating func adjustUnpacked(isSubtraction: Bool) {
    let adjusts = al & 0xF > 9 || isSet(Flag.auxiliaryCarry)
    if adjusts {
      let ax = UInt16(truncatingIfNeeded: registers.rax)
      let result = isSubtraction ? ax &- 0x106 : ax &+ 0x106
      registers.rax = registers.rax & ~0xFFFF | UInt64(result)
    }
    al &= 0xF
    setResultFlags(carry: adjusts, auxiliaryCarry: adjusts)
  }

  /// Sign, zero and parity from AL. Overflow is undefined, and cleared.
  private mutating func setResultFlags(carry: Bool, auxiliaryCarry: Bool) {
    var flags = registers.rflags & ~Flag.arithmetic
    if carry { flags |= Flag.carry }
    if auxiliaryCarry { flags |= Flag.auxiliaryCarry }
    if al == 0 { flags |= Flag.zero }
    if al >> 7 != 0 { flags |= Flag.sign }
    if al.nonzeroBitCount.isMultiple(of: 2) { flags |= Flag.parity }
    registers.rflags = flags
  }
}
