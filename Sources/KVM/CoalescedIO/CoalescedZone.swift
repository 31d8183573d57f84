import CKVM

/// Addresses whose writes KVM collects in a ring instead of stopping the guest for each.
public enum CoalescedZone: Sendable, Hashable {
  /// `count` I/O ports from `first`. Needs ``Capability/coalescedPIO``.
  case ports(first: UInt16, count: UInt16)

  /// `size` bytes of guest physical addresses from `address`. Needs ``Capability/coalescedMMIO``.
  case memory(address: UInt64, size: UInt32)

  fileprivate var argument: kvm_coalesced_mmio_zone {
    var zone = kvm_coalesced_mmio_zone()
    switch self {
    case .ports(let first, let count):
      zone.addr = UInt64(first)
      zone.size = UInt32(count)
      zone.pio = 1
    case .memory(let address, let size):
      zone.addr = address
      zone.size = size
    }
    return zone
  }
}

extension VirtualMachine {
  /// Collects the guest's writes to a zone. Drain the ``CoalescedRing`` before handling any exit,
  /// or the order of writes is lost; when the ring is full, writes become ordinary exits.
  ///
  /// The corresponding ioctl is `KVM_REGISTER_COALESCED_MMIO`. See KVM API section 4.116.
  public func registerCoalesced(_ zone: CoalescedZone) throws(KVMError) {
    try Request.registerCoalescedMMIO.call(descriptor, passing: zone.argument)
  }

  /// Makes the writes to a registered zone ordinary exits again.
  ///
  /// The corresponding ioctl is `KVM_UNREGISTER_COALESCED_MMIO`. See KVM API section 4.116.
  public func unregisterCoalesced(_ zone: CoalescedZone) throws(KVMError) {
    try Request.unregisterCoalescedMMIO.call(descriptor, passing: zone.argument)
  }
}
