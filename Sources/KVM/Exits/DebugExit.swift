import CKVM

/// A breakpoint, watchpoint or single step: `KVM_EXIT_DEBUG`.
public struct DebugExit: Sendable, Hashable {
  /// The exception: 1 for #DB, 3 for #BP.
  public let exception: UInt32

  /// The linear address of the instruction.
  public let pc: UInt64

  /// DR6: what caused a #DB.
  public let dr6: UInt64

  /// DR7 as it was in force.
  public let dr7: UInt64

  init(_ debug: kvm_debug_exit_arch) {
    exception = debug.exception
    pc = debug.pc
    dr6 = debug.dr6
    dr7 = debug.dr7
  }
}
