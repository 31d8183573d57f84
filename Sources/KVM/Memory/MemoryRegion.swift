import CKVM
import Glibc
import SystemPackage

/// Memory of this process that a guest can be given: private, anonymous, zero until written, and
/// not charged until touched.
///
/// A region is unmapped when the last reference goes, and every memory slot holds one: it cannot
/// disappear under a running guest.
///
/// The host and the guest's vCPUs access the bytes at the same time. That is a data race by nature;
/// what the guest must not be able to change twice has to be copied before it is checked.
@safe
public final class MemoryRegion: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer

  /// The size in bytes, a multiple of 4096.
  public let size: Int

  /// Maps `size` bytes, a positive multiple of 4096.
  public init(size: Int) throws(KVMError) {
    guard size > 0, size.isMultiple(of: MemorySlot.pageSize) else {
      throw .invalidArgument("mmap", "\(size) bytes are not a positive multiple of 4096")
    }
    var mapping: UnsafeMutableRawPointer?
    let result = unsafe ckvm_map_anonymous(size, &mapping)
    guard result == 0, let mapping = unsafe mapping else {
      throw KVMError(operation: "mmap", errno: Errno(rawValue: 0 &- result))
    }
    unsafe base = mapping
    self.size = size
  }

  deinit { unsafe munmap(base, size) }

  /// The whole region, valid as long as the region is.
  @unsafe
  public var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  /// Makes every byte zero, and gives the memory back to the host until it is touched again. The
  /// corresponding call is `madvise` with `MADV_DONTNEED`.
  public func clear() {
    // Refused for locked memory only.
    guard unsafe madvise(base, size, MADV_DONTNEED) != 0 else { return }
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Asks for huge pages: fewer faults and faster page walks. A hint; a host without them ignores
  /// it. The corresponding call is `madvise` with `MADV_HUGEPAGE`.
  public func adviseHugePages() {
    _ = unsafe madvise(base, size, MADV_HUGEPAGE)
  }
}
