import Synchronization
import SystemPackage

extension VirtualMachine {
  /// Gives the guest a part of a region as physical memory.
  ///
  /// The corresponding ioctl is `KVM_SET_USER_MEMORY_REGION`. See KVM API section 4.35.
  ///
  /// - Parameters:
  ///   - index: The slot's number; one in use is refused rather than changed.
  ///   - guestAddress: The guest physical address, a multiple of 4096.
  ///   - memory: The region, kept alive by the machine until the slot is deleted.
  ///   - offset: Where in the region the slot begins, in bytes, a multiple of 4096.
  ///   - size: The slot's size in bytes, a multiple of 4096; nil for the rest of the region.
  ///   - flags: Dirty logging and write protection.
  public func makeMemorySlot(
    index: UInt16, guestAddress: UInt64, memory: MemoryRegion, offset: Int = 0, size: Int? = nil,
    flags: MemorySlot.Flags = []
  ) throws(KVMError) -> MemorySlot {
    guard offset >= 0, offset < memory.size, offset.isMultiple(of: MemorySlot.pageSize) else {
      throw .invalidArgument(
        "KVM_SET_USER_MEMORY_REGION",
        "offset \(offset) is not a page of a region of \(memory.size) bytes")
    }
    let size = size ?? memory.size - offset
    // Size 0 would be the request to delete a slot.
    guard size > 0, size <= memory.size - offset else {
      throw .invalidArgument(
        "KVM_SET_USER_MEMORY_REGION",
        "\(size) bytes at offset \(offset) are not within a region of \(memory.size) bytes")
    }
    let base = unsafe memory.bytes.baseAddress.map { UInt64(UInt(bitPattern: $0)) } ?? 0
    let slot = MemorySlot(
      index: index, guestAddress: guestAddress, size: size,
      userspaceAddress: base &+ UInt64(offset), machine: handle)
    let result = handle.regions.withLock { regions in
      guard regions[index] == nil else { return 0 &- Errno.fileExists.rawValue }
      let result = slot.attempt(flags: flags, size: size)
      if result >= 0 { regions[index] = memory }
      return result
    }
    try Request.setUserMemoryRegion.check(result)
    return slot
  }
}
