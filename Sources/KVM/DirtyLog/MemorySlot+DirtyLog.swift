import CKVM

// What the log promises, and what it does not:
//
// - A page is dirty in the log, or sure to be logged at its next write, or *in the window*: written
//   and not yet logged. While a vCPU runs, a harvest is a lower bound; a later one brings the rest.
// - Read the memory only after the call that re-arms its pages has returned. A write during the
//   read is then in a later harvest; the other order loses it for good.
// - Exact means stopped: all vCPUs out of KVM_RUN, their pending I/O completed, one last harvest.
// - Writes of this process through the mapping are never logged.

extension MemorySlot {
  /// Harvests the pages that the guest wrote since the last harvest.
  ///
  /// Without ``Capability/manualDirtyLogProtect2`` enabled the call also re-arms them: after it has
  /// returned their next write is logged again. With it, the pages stay dirty until
  /// ``clearDirtyLog(_:firstPage:pageCount:)``.
  ///
  /// The corresponding ioctl is `KVM_GET_DIRTY_LOG`. See KVM API section 4.8.
  ///
  /// - Parameter bitmap: Replaced, not added to. Must cover ``pageCount`` pages.
  public func getDirtyLog(into bitmap: inout DirtyBitmap) throws(KVMError) {
    guard bitmap.pageCount == pageCount else {
      throw .invalidArgument(
        "KVM_GET_DIRTY_LOG",
        "the bitmap covers \(bitmap.pageCount) pages, the slot has \(pageCount)")
    }
    var argument = unsafe kvm_dirty_log()
    unsafe argument.slot = UInt32(index)
    let result = unsafe bitmap.withKernelWords { words in
      unsafe argument.dirty_bitmap = words
      return unsafe ckvm_ioctl_pointer(machine.descriptor, CKVM_GET_DIRTY_LOG, &argument)
    }
    try Request.getDirtyLog.check(result)
  }

  /// Re-arms exactly the pages in `bitmap`: they leave the log, and their next write is logged.
  ///
  /// Never pass pages that the last ``getDirtyLog(into:)`` did not show: their writes would be lost.
  /// Needs ``Capability/manualDirtyLogProtect2`` enabled.
  ///
  /// The corresponding ioctl is `KVM_CLEAR_DIRTY_LOG`. See KVM API section 4.117.
  ///
  /// - Parameters:
  ///   - bitmap: The pages, over the whole slot. Must cover ``pageCount`` pages.
  ///   - firstPage: Where to begin, a multiple of 64.
  ///   - pageCount: How many pages, a multiple of 64 unless the range ends with the slot; nil for
  ///     the rest of the slot.
  public func clearDirtyLog(
    _ bitmap: borrowing DirtyBitmap, firstPage: Int = 0, pageCount: Int? = nil
  ) throws(KVMError) {
    let total = self.pageCount
    guard bitmap.pageCount == total else {
      throw .invalidArgument(
        "KVM_CLEAR_DIRTY_LOG", "the bitmap covers \(bitmap.pageCount) pages, the slot has \(total)")
    }
    guard firstPage >= 0, firstPage < total, firstPage.isMultiple(of: 64) else {
      throw .invalidArgument(
        "KVM_CLEAR_DIRTY_LOG", "first page \(firstPage) is not a multiple of 64 below \(total)")
    }
    let count = pageCount ?? total - firstPage
    let rest = total - firstPage
    guard count > 0, count == rest || (count < rest && count.isMultiple(of: 64)) else {
      throw .invalidArgument(
        "KVM_CLEAR_DIRTY_LOG",
        "\(count) pages from \(firstPage) neither are a multiple of 64 nor end with the slot")
    }
    var argument = unsafe kvm_clear_dirty_log()
    unsafe argument.slot = UInt32(index)
    unsafe argument.first_page = UInt64(firstPage)
    unsafe argument.num_pages = UInt32(clamping: count)
    let result = unsafe bitmap.words.withUnsafeBytes { bytes in
      // The kernel's bitmap begins with `first_page`, and is only read.
      let words = unsafe bytes.baseAddress.map { unsafe $0 + firstPage / 8 }
      unsafe argument.dirty_bitmap = UnsafeMutableRawPointer(mutating: words)
      return unsafe ckvm_ioctl_pointer(machine.descriptor, CKVM_CLEAR_DIRTY_LOG, &argument)
    }
    try Request.clearDirtyLog.check(result)
  }
}
