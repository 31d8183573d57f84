import CKVM
import KVM

/// Bits of RFLAGS (Intel SDM volume 1, section 3.4.3).
enum Flag {
  static let carry: UInt64 = 1 << 0
  static let parity: UInt64 = 1 << 2
  static let auxiliaryCarry: UInt64 = 1 << 4
  static let zero: UInt64 = 1 << 6
  static let sign: UInt64 = 1 << 7
  static let trap: UInt64 = 1 << 8
  static let interrupt: UInt64 = 1 << 9
  static let direction: UInt64 = 1 << 10
  static let overflow: UInt64 = 1 << 11
  static let privilegeLevel: UInt64 = 3 << 12
  static let nestedTask: UInt64 = 1 << 14
  static let resume: UInt64 = 1 << 16
  static let virtual8086: UInt64 = 1 << 17
  static let alignmentCheck: UInt64 = 1 << 18
  static let virtualInterrupts: UInt64 = 3 << 19
  static let identification: UInt64 = 1 << 21
  /// Carry, parity, auxiliary carry, zero, sign and overflow.
  static let arithmetic: UInt64 = 0x8D5
}

extension Registers {
  /// RFLAGS.IF: whether the processor takes interrupts.
  var interruptFlag: Bool { rflags & Flag.interrupt != 0 }
}
