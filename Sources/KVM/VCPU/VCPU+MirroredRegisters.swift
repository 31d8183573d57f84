import CKVM

extension VCPU {
  /// Whether KVM copies the general registers into the page that it shares with this process, at
  /// every exit.
  ///
  /// Needs ``Capability/syncRegisters``. See KVM API section 5, `kvm_valid_regs`.
  public var mirrorsRegisters: Bool {
    get { unsafe runPage.pointee.kvm_valid_regs & UInt64(KVM_SYNC_X86_REGS) != 0 }
    nonmutating set {
      unsafe runPage.pointee.kvm_valid_regs = newValue ? UInt64(KVM_SYNC_X86_REGS) : 0
    }
  }

  /// RIP as of the last exit: behind the instruction for OUT, a store and HLT, at it for IN and a
  /// load. nil unless ``mirrorsRegisters``.
  public var mirroredInstructionPointer: UInt64? {
    guard mirrorsRegisters else { return nil }
    return unsafe runPage.pointee.s.regs.regs.rip
  }
}
