import CKVM
import Synchronization

/// A range of guest physical addresses backed by a ``MemoryRegion``.
///
/// Dropping the value leaves the slot in place for the life of the machine; ``delete()`` takes it
/// away. Calls may be made from any thread.
public struct MemorySlot: ~Copyable, Sendable {
  /// How a slot behaves. See KVM API section 4.35.
  public struct Flags: OptionSet, Sendable {
    /// The `KVM_MEM_` bits.
    public let rawValue: UInt32

    /// Flags from their bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `KVM_MEM_LOG_DIRTY_PAGES`: the kernel keeps track of the pages that the guest writes.
    public static let logDirtyPages = Flags(rawValue: UInt32(KVM_MEM_LOG_DIRTY_PAGES))

    /// `KVM_MEM_READONLY`: guest writes become ``VCPUExit/mmio(_:)``.
    public static let readOnly = Flags(rawValue: UInt32(KVM_MEM_READONLY))
  }

  /// The granularity of slots and of dirty logging, in bytes.
  public static let pageSize = 4096

  /// The slot's number, unique in its machine.
  public let index: UInt16

  /// The guest physical address of the first byte.
  public let guestAddress: UInt64

  /// The size in bytes, a multiple of ``pageSize``.
  public let size: Int

  let userspaceAddress: UInt64
  let machine: VirtualMachineHandle

  /// The size in pages of 4096 bytes.
  public var pageCount: Int { size / Self.pageSize }

  /// Changes whether the slot logs dirty pages. Switching the log off drops what has not been
  /// harvested; ``Flags/readOnly`` cannot change after the slot was made.
  ///
  /// The corresponding ioctl is `KVM_SET_USER_MEMORY_REGION`. See KVM API section 4.35.
  public func setFlags(_ flags: Flags) throws(KVMError) {
    try set(flags: flags, size: size)
  }

  /// Takes the memory away from the guest; later accesses become ``VCPUExit/mmio(_:)``.
  ///
  /// The region is released once the kernel has let go of it. If the call fails the slot stays.
  /// The corresponding ioctl is `KVM_SET_USER_MEMORY_REGION`. See KVM API section 4.35.
  public consuming func delete() throws(KVMError) {
    let result = machine.regions.withLock { regions in
      let result = attempt(flags: [], size: 0)
      if result >= 0 { regions[index] = nil }
      return result
    }
    try Request.setUserMemoryRegion.check(result)
  }

  /// Tells the kernel about the slot.
  func set(flags: Flags, size: Int) throws(KVMError) {
    try Request.setUserMemoryRegion.check(attempt(flags: flags, size: size))
  }

  /// The same, with the kernel's result: 0 or `-errno`.
  func attempt(flags: Flags, size: Int) -> Int32 {
    var argument = kvm_userspace_memory_region(
      slot: UInt32(index), flags: flags.rawValue, guest_phys_addr: guestAddress,
      memory_size: UInt64(size), userspace_addr: userspaceAddress)
    return unsafe ckvm_ioctl_pointer(machine.descriptor, CKVM_SET_USER_MEMORY_REGION, &argument)
  }
}
