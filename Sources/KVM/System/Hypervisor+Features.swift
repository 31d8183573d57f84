import CKVM
import SystemPackage

extension Hypervisor {
  /// The CPUID entries that the host and KVM both support: the usual starting point for
  /// ``VCPU/setCPUID(_:)``.
  ///
  /// The corresponding ioctl is `KVM_GET_SUPPORTED_CPUID`. See KVM API section 4.46.
  public func supportedCPUID() throws(KVMError) -> CPUID {
    try readCPUID(.getSupportedCPUID)
  }

  /// The CPUID entries of features that KVM emulates although the host lacks them.
  ///
  /// The corresponding ioctl is `KVM_GET_EMULATED_CPUID`. See KVM API section 4.88.
  public func emulatedCPUID() throws(KVMError) -> CPUID {
    try readCPUID(.getEmulatedCPUID)
  }

  /// The MSRs that ``VCPU/readMSRs(_:)`` and ``VCPU/writeMSRs(_:)`` support: what a snapshot saves.
  ///
  /// The corresponding ioctl is `KVM_GET_MSR_INDEX_LIST`. See KVM API section 4.3.
  public func msrIndexList() throws(KVMError) -> [UInt32] {
    try readMSRList(.getMSRIndexList)
  }

  /// The MSRs that describe features of the host's processor.
  ///
  /// The corresponding ioctl is `KVM_GET_MSR_FEATURE_INDEX_LIST`. See KVM API section 4.3.
  public func msrFeatureIndexList() throws(KVMError) -> [UInt32] {
    try readMSRList(.getMSRFeatureIndexList)
  }

  private func readCPUID(_ request: Request) throws(KVMError) -> CPUID {
    let array = CPUID.makeArray(capacity: CPUID.maximumEntryCount)
    try array.call(request, descriptor)
    return CPUID(entries: array.prefix(Int(array.header.nent)))
  }

  private func readMSRList(_ request: Request) throws(KVMError) -> [UInt32] {
    // The kernel's own table has some 150 entries; the loop is for kernels to come.
    var capacity = 512
    while true {
      var header = kvm_msr_list()
      header.nmsrs = UInt32(capacity)
      let array = unsafe FlexibleArray(header, capacity: capacity) { unsafe ckvm_msr_indices($0) }
      do throws(KVMError) {
        try array.call(request, descriptor)
        return array.prefix(Int(array.header.nmsrs))
      } catch {
        let needed = Int(array.header.nmsrs)
        guard error.errno == .argListTooLong, needed > capacity, needed < 1 << 16 else {
          throw error
        }
        capacity = needed
      }
    }
  }
}
