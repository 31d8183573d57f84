public import CKVM

extension VCPU {
  /// Whether KVM copies the general registers into the page that it shares with this process, at
  /// every exit.
  ///
  /// Needs ``Capability/syncRegisters``. See KVM API section 5, `kvm_valid_regs`.
  public var mirrorsRegisters: Bool {
    get { mirrors(KVM_SYNC_X86_REGS) }
    nonmutating set { mirror(KVM_SYNC_X86_REGS, newValue) }
  }

  /// Whether KVM copies the special registers there, too.
  ///
  /// Needs ``Capability/syncRegisters``. See KVM API section 5, `kvm_valid_regs`.
  public var mirrorsSpecialRegisters: Bool {
    get { mirrors(KVM_SYNC_X86_SREGS) }
    nonmutating set { mirror(KVM_SYNC_X86_SREGS, newValue) }
  }

  private func mirrors(_ set: UInt) -> Bool {
    unsafe runPage.pointee.kvm_valid_regs & UInt64(set) != 0
  }

  private func mirror(_ set: UInt, _ isWanted: Bool) {
    if isWanted {
      unsafe runPage.pointee.kvm_valid_regs |= UInt64(set)
    } else {
      unsafe runPage.pointee.kvm_valid_regs &= ~UInt64(set)
    }
  }

  /// RIP as of the last exit: behind the instruction for OUT, a store and HLT, at it for IN and a
  /// load. nil unless ``mirrorsRegisters``.
  public var mirroredInstructionPointer: UInt64? {
    guard mirrorsRegisters else { return nil }
    return unsafe runPage.pointee.s.regs.regs.rip
  }

  /// The general registers as of the last exit, without a system call where they are mirrored.
  public func registersAtExit() throws(KVMError) -> Registers {
    mirrorsRegisters ? unsafe runPage.pointee.s.regs.regs : try registers()
  }

  /// The special registers as of the last exit, without a system call where they are mirrored.
  public func specialRegistersAtExit() throws(KVMError) -> SpecialRegisters {
    mirrorsSpecialRegisters ? unsafe runPage.pointee.s.regs.sregs : try specialRegisters()
  }

  /// Sets the special registers with which the next ``run()`` begins; as ``setRegistersAtEntry(_:)``.
  public func setSpecialRegistersAtEntry(_ registers: SpecialRegisters) throws(KVMError) {
    guard mirrorsSpecialRegisters else { return try setSpecialRegisters(registers) }
    unsafe runPage.pointee.s.regs.sregs = registers
    unsafe runPage.pointee.kvm_dirty_regs |= UInt64(KVM_SYNC_X86_SREGS)
  }

  /// Sets the general registers with which the next ``run()`` begins; where they are mirrored, without
  /// a system call of its own.
  ///
  /// Between this call and the next ``run()`` nothing else may set them: see KVM API section 5,
  /// `kvm_dirty_regs`.
  public func setRegistersAtEntry(_ registers: Registers) throws(KVMError) {
    guard mirrorsRegisters else { return try setRegisters(registers) }
    unsafe runPage.pointee.s.regs.regs = registers
    unsafe runPage.pointee.kvm_dirty_regs |= UInt64(KVM_SYNC_X86_REGS)
  }
}
