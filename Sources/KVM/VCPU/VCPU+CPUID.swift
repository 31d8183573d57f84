import CKVM

extension VCPU {
  /// Sets what the CPUID instruction answers. Before the vCPU first runs.
  ///
  /// The corresponding ioctl is `KVM_SET_CPUID2`. See KVM API section 4.20.
  public func setCPUID(_ cpuid: CPUID) throws(KVMError) {
    let array = CPUID.makeArray(capacity: cpuid.entries.count)
    array.fill(cpuid.entries)
    try array.call(.setCPUID2, descriptor)
  }

  /// What the CPUID instruction answers.
  ///
  /// The corresponding ioctl is `KVM_GET_CPUID2`. See KVM API section 4.20.
  public func cpuid() throws(KVMError) -> CPUID {
    let array = CPUID.makeArray(capacity: CPUID.maximumEntryCount)
    try array.call(.getCPUID2, descriptor)
    return CPUID(entries: array.prefix(Int(array.header.nent)))
  }
}
