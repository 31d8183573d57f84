import CKVM
import Synchronization

/// How manual dirty-log protection behaves: the argument of
/// ``Capability/manualDirtyLogProtect2``. See KVM API section 7.18.
public struct ManualDirtyLogProtect: OptionSet, Sendable {
  /// The `KVM_DIRTY_LOG_` bits.
  public let rawValue: UInt64

  /// Options from their bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Getting the log does not re-arm pages; clearing does.
  public static let enable = ManualDirtyLogProtect(
    rawValue: UInt64(KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE))

  /// All pages of a slot are dirty when its log is switched on. Needs ``enable``.
  public static let initiallySet = ManualDirtyLogProtect(
    rawValue: UInt64(KVM_DIRTY_LOG_INITIALLY_SET))
}

extension VirtualMachine {
  /// Separates harvesting the dirty log from re-arming it.
  ///
  /// The corresponding ioctl is `KVM_ENABLE_CAP`. See KVM API section 7.18.
  public func enableManualDirtyLogProtect(
    _ options: ManualDirtyLogProtect = .enable
  ) throws(KVMError) {
    try enable(.manualDirtyLogProtect2, arguments: options.rawValue)
  }

  /// Gives every vCPU a ring of dirty pages in place of the bitmaps. Before the first vCPU.
  ///
  /// Prefers the interface with acquire and release semantics.
  /// The corresponding ioctl is `KVM_ENABLE_CAP`. See the KVM API's section on `KVM_CAP_DIRTY_LOG_RING`.
  ///
  /// - Parameter entryCount: The size of each ring, a power of two. The kernel keeps some entries
  ///   in reserve and makes ``VCPUExit/dirtyRingFull`` when only those are left. It looks when it
  ///   enters the guest: one that *emulates* guest code can overrun the reserve in between, and
  ///   then loses pages. A ring with more entries than the logged slots have pages cannot.
  public func enableDirtyRing(entryCount: Int) throws(KVMError) {
    let acquireRelease = checkExtension(.dirtyLogRingAcquireRelease)
    let capability: Capability = acquireRelease > 0 ? .dirtyLogRingAcquireRelease : .dirtyLogRing
    guard checkExtension(capability) > 0 else { throw .missing(capability, for: "KVM_ENABLE_CAP") }
    let maximum = checkExtension(capability) / MemoryLayout<kvm_dirty_gfn>.stride
    guard entryCount > 0, entryCount <= maximum else {
      throw .invalidArgument(
        "KVM_ENABLE_CAP", "a dirty ring has 1 to \(maximum) entries, not \(entryCount)")
    }
    let byteCount = entryCount * MemoryLayout<kvm_dirty_gfn>.stride
    try enable(capability, arguments: UInt64(byteCount))
    handle.dirtyRingByteCount.store(byteCount, ordering: .sequentiallyConsistent)
  }

  /// Re-arms all pages that have been harvested from the rings of all vCPUs. Only after it has
  /// returned may the memory be read.
  ///
  /// The corresponding ioctl is `KVM_RESET_DIRTY_RINGS`. See the KVM API's section on `KVM_CAP_DIRTY_LOG_RING`.
  ///
  /// - Returns: How many entries were given back.
  @discardableResult
  public func resetDirtyRings() throws(KVMError) -> Int {
    Int(try Request.resetDirtyRings.call(descriptor))
  }
}
