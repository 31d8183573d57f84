import KVM

/// What a KVM says about its dirty logs.
struct DirtyLogSupport {
  /// The bits of ``ManualDirtyLogProtect`` that it takes.
  var manualProtect: ManualDirtyLogProtect
  /// The largest ring in bytes; 0 without rings.
  var ringByteCount: Int

  init(manualProtect: ManualDirtyLogProtect, ringByteCount: Int) {
    self.manualProtect = manualProtect
    self.ringByteCount = ringByteCount
  }

  init(of hypervisor: borrowing Hypervisor) {
    manualProtect = ManualDirtyLogProtect(
      rawValue: UInt64(hypervisor.checkExtension(.manualDirtyLogProtect2)))
    ringByteCount = max(
      hypervisor.checkExtension(.dirtyLogRingAcquireRelease),
      hypervisor.checkExtension(.dirtyLogRing))
  }

  /// The best interface that it offers.
  var best: DirtyLogInterface {
    offers(.clear) ? .clear : .bitmap
  }

  /// Whether it offers `interface`.
  func offers(_ interface: DirtyLogInterface) -> Bool {
    switch interface {
    case .bitmap: true
    case .clear: manualProtect.contains(.enable)
    case .clearInitiallySet: manualProtect.contains([.enable, .initiallySet])
    case .ring: ringByteCount > 0
    }
  }

  /// Explains the absence of `interface`.
  func require(_ interface: DirtyLogInterface) throws(VMMError) {
    guard !offers(interface), let capability = interface.capability else { return }
    throw VMMError(
      .host,
      "dirty log \(interface.rawValue): this KVM lacks \(capability); choose --dirty-log auto")
  }
}
