public import CKVM

/// The guest's kvmclock: nanoseconds, and with flags the host's time and TSC at that moment.
public typealias ClockData = kvm_clock_data

extension VirtualMachine {
  /// The guest's clock.
  ///
  /// The corresponding ioctl is `KVM_GET_CLOCK`. See KVM API section 4.29.
  public func clock() throws(KVMError) -> ClockData {
    try Request.getClock.get(descriptor, kvm_clock_data())
  }

  /// Sets the guest's clock. Clear flags that came from ``clock()`` and are not meant to be applied.
  ///
  /// The corresponding ioctl is `KVM_SET_CLOCK`. See KVM API section 4.30.
  public func setClock(_ clock: ClockData) throws(KVMError) {
    try Request.setClock.call(descriptor, passing: clock)
  }
}
