public import CKVM

/// The general-purpose registers, RIP and RFLAGS.
public typealias Registers = kvm_regs

/// The segment, table, control and mode registers, and the interrupt about to be injected.
public typealias SpecialRegisters = kvm_sregs

/// A segment register with its hidden part.
public typealias Segment = kvm_segment

/// GDTR or IDTR.
public typealias DescriptorTable = kvm_dtable

/// The debug registers DR0 to DR3, DR6 and DR7.
public typealias DebugRegisters = kvm_debugregs

/// The result of a page walk.
public typealias Translation = kvm_translation

extension VCPU {
  /// The general-purpose registers.
  ///
  /// The corresponding ioctl is `KVM_GET_REGS`. See KVM API section 4.11.
  public func registers() throws(KVMError) -> Registers {
    try Request.getRegisters.get(descriptor, kvm_regs())
  }

  /// Sets the general-purpose registers.
  ///
  /// The corresponding ioctl is `KVM_SET_REGS`. See KVM API section 4.12.
  public func setRegisters(_ registers: Registers) throws(KVMError) {
    try Request.setRegisters.call(descriptor, passing: registers)
  }

  /// The special registers.
  ///
  /// The corresponding ioctl is `KVM_GET_SREGS`. See KVM API section 4.13.
  public func specialRegisters() throws(KVMError) -> SpecialRegisters {
    try Request.getSpecialRegisters.get(descriptor, kvm_sregs())
  }

  /// Sets the special registers: how a guest is put into a processor mode.
  ///
  /// The corresponding ioctl is `KVM_SET_SREGS`. See KVM API section 4.14.
  public func setSpecialRegisters(_ registers: SpecialRegisters) throws(KVMError) {
    try Request.setSpecialRegisters.call(descriptor, passing: registers)
  }

  /// The debug registers.
  ///
  /// The corresponding ioctl is `KVM_GET_DEBUGREGS`. See KVM API section 4.33.
  public func debugRegisters() throws(KVMError) -> DebugRegisters {
    try Request.getDebugRegisters.get(descriptor, kvm_debugregs())
  }

  /// Sets the debug registers.
  ///
  /// The corresponding ioctl is `KVM_SET_DEBUGREGS`. See KVM API section 4.34.
  public func setDebugRegisters(_ registers: DebugRegisters) throws(KVMError) {
    try Request.setDebugRegisters.call(descriptor, passing: registers)
  }

  /// Walks the guest's page tables as the vCPU would now.
  ///
  /// The corresponding ioctl is `KVM_TRANSLATE`. See KVM API section 4.15.
  ///
  /// - Returns: The guest physical address, if `valid` is 1.
  public func translate(linearAddress: UInt64) throws(KVMError) -> Translation {
    var translation = kvm_translation()
    translation.linear_address = linearAddress
    return try Request.translate.get(descriptor, translation)
  }
}
