public import CKVM
import Glibc
import Synchronization
import SystemPackage

/// The ring in which a vCPU reports the pages it dirties. See the KVM API's section on `KVM_CAP_DIRTY_LOG_RING`.
///
/// One consumer: harvest, then ``VirtualMachine/resetDirtyRings()``, then read the memory. Harvests
/// may go on while the vCPU runs.
@safe
public struct DirtyRing: ~Copyable, @unchecked Sendable {
  /// The number of entries, a power of two.
  public let entryCount: Int

  @usableFromInline let entries: UnsafeMutablePointer<kvm_dirty_gfn>
  @usableFromInline var next = 0
  let machine: VirtualMachineHandle

  init(vcpu: Int32, machine: VirtualMachineHandle) throws(KVMError) {
    let byteCount = machine.dirtyRingByteCount.load(ordering: .sequentiallyConsistent)
    guard byteCount > 0 else {
      throw .invalidArgument("mmap", "the machine's dirty ring is not enabled")
    }
    var mapping: UnsafeMutableRawPointer?
    let offset = Int(KVM_DIRTY_LOG_PAGE_OFFSET) * MemorySlot.pageSize
    let result = unsafe ckvm_map_shared(vcpu, byteCount, offset, &mapping)
    guard result == 0, let mapping = unsafe mapping else {
      throw KVMError(operation: "mmap", errno: Errno(rawValue: 0 &- result))
    }
    unsafe self.init(
      mapping: mapping, entryCount: byteCount / MemoryLayout<kvm_dirty_gfn>.stride,
      machine: machine)
  }

  /// Takes ownership of the mapping.
  @unsafe
  init(mapping: UnsafeMutableRawPointer, entryCount: Int, machine: VirtualMachineHandle) {
    unsafe entries = mapping.bindMemory(to: kvm_dirty_gfn.self, capacity: entryCount)
    self.entryCount = entryCount
    self.machine = machine
  }

  deinit {
    unsafe munmap(entries, entryCount * MemoryLayout<kvm_dirty_gfn>.stride)
  }

  /// Takes the reported pages out of the ring, oldest first, at most one round of it.
  ///
  /// The pages are not re-armed, and their entries not reused, before
  /// ``VirtualMachine/resetDirtyRings()``.
  ///
  /// - Parameter body: Called with the number of the slot (an address space in the upper 16 bits)
  ///   and the page's number in the slot. A page may be reported more than once.
  /// - Returns: How many pages were reported.
  @inlinable
  @discardableResult
  public mutating func harvest<Failure: Error>(
    _ body: (_ slot: UInt32, _ page: UInt64) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    var harvested = 0
    while harvested < entryCount {
      let entry = unsafe entries + next
      // Acquire: slot and offset are valid once the flag is seen.
      guard unsafe ckvm_load_acquire(ckvm_gfn_flags(entry)) == CKVM_DIRTY_GFN_DIRTY else { break }
      let (slot, page) = unsafe (entry.pointee.slot, entry.pointee.offset)
      unsafe ckvm_store_release(ckvm_gfn_flags(entry), CKVM_DIRTY_GFN_RESET)
      next = (next &+ 1) & (entryCount &- 1)
      harvested &+= 1
      try body(slot, page)
    }
    return harvested
  }
}

extension VCPU {
  /// Maps the vCPU's dirty ring, after ``VirtualMachine/enableDirtyRing(entryCount:)``. Once per
  /// vCPU: two consumers would each see a part.
  ///
  /// The corresponding call is `mmap` at `KVM_DIRTY_LOG_PAGE_OFFSET`. See the KVM API's section on `KVM_CAP_DIRTY_LOG_RING`.
  public func makeDirtyRing() throws(KVMError) -> DirtyRing {
    try DirtyRing(vcpu: descriptor, machine: machine)
  }
}
