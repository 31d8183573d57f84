extension VCPU {
  /// The frequency of the guest's time-stamp counter in kHz; 0 if unknown.
  ///
  /// The corresponding ioctl is `KVM_GET_TSC_KHZ`. See KVM API section 4.56.
  public func tscFrequency() throws(KVMError) -> UInt32 {
    UInt32(clamping: try Request.getTSCKHz.call(descriptor))
  }

  /// Sets the frequency of the guest's time-stamp counter. Other than the host's needs
  /// ``Capability/tscControl``.
  ///
  /// The corresponding ioctl is `KVM_SET_TSC_KHZ`. See KVM API section 4.55.
  public func setTSCFrequency(kHz: UInt32) throws(KVMError) {
    try Request.setTSCKHz.call(descriptor, UInt(kHz))
  }
}
