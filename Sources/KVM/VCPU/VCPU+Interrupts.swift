public import CKVM

/// The register page of a local APIC, 1024 bytes.
public typealias LocalAPICState = kvm_lapic_state

extension VCPU {
  /// The in-kernel local APIC's registers.
  ///
  /// The corresponding ioctl is `KVM_GET_LAPIC`. See KVM API section 4.57.
  public func localAPIC() throws(KVMError) -> LocalAPICState {
    try Request.getLocalAPIC.get(descriptor, kvm_lapic_state())
  }

  /// Sets the in-kernel local APIC's registers.
  ///
  /// The corresponding ioctl is `KVM_SET_LAPIC`. See KVM API section 4.58.
  public func setLocalAPIC(_ state: LocalAPICState) throws(KVMError) {
    try Request.setLocalAPIC.call(descriptor, passing: state)
  }

  /// Queues an external interrupt, without an in-kernel PIC. See ``isReadyForInterrupt``.
  ///
  /// The corresponding ioctl is `KVM_INTERRUPT`. See KVM API section 4.16.
  public func interrupt(vector: UInt8) throws(KVMError) {
    try Request.interrupt.call(descriptor, passing: kvm_interrupt(irq: UInt32(vector)))
  }

  /// Queues a non-maskable interrupt.
  ///
  /// The corresponding ioctl is `KVM_NMI`. See KVM API section 4.64.
  public func nmi() throws(KVMError) {
    try Request.nmi.call(descriptor)
  }

  /// Sets which signals are blocked during ``run()``; nil for the thread's own mask.
  ///
  /// The corresponding ioctl is `KVM_SET_SIGNAL_MASK`. See KVM API section 4.21.
  ///
  /// - Parameter mask: The kernel's signal set: bit `n - 1` for signal `n`.
  public func setSignalMask(_ mask: UInt64?) throws(KVMError) {
    guard let mask else {
      try Request.setSignalMask.call(descriptor)
      return
    }
    try Request.setSignalMask.check(ckvm_set_signal_mask(descriptor, mask))
  }
}
