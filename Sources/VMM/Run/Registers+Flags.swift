import CKVM
import KVM

extension Registers {
  /// RFLAGS.IF: whether the processor takes interrupts.
  var interruptFlag: Bool { rflags & 1 << 9 != 0 }
}
