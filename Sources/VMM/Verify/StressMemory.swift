import Glibc
import KVM

/// The pages that the guest of a ``DirtyLogStress`` writes, and the host's copy of them.
///
/// Every page has a counter for each vCPU, in a cache line of its own.
@safe
struct StressMemory: ~Copyable {
  static let cellSize = 64
  static let cellsPerPage = MemorySlot.pageSize / cellSize

  let region: MemoryRegion
  private let copy: MemoryRegion
  private let cpuCount: Int

  init(pageCount: Int, cpuCount: Int) throws(KVMError) {
    // Odd, and so never a multiple of 64: the kernel's bitmaps end inside a word.
    let size = (pageCount | 1) * MemorySlot.pageSize
    let regions = (try MemoryRegion(size: size), try MemoryRegion(size: size))
    (region, copy) = regions
    self.cpuCount = cpuCount
  }

  var pageCount: Int { region.size / MemorySlot.pageSize }

  /// Whether a counter of the page has changed since the page was copied.
  func hasChanged(_ page: Int) -> Bool {
    (0..<cpuCount).contains { cpu in
      counter(cpu, on: page, of: region) != counter(cpu, on: page, of: copy)
    }
  }

  /// Copies the page. Returns whether it differed.
  func takeOver(_ page: Int) -> Bool {
    guard !isEqual(page) else { return false }
    if let source = unsafe address(of: page, in: region),
      let target = unsafe address(of: page, in: copy)
    {
      unsafe memcpy(target, source, MemorySlot.pageSize)
    }
    return true
  }

  /// Whether the page equals its copy, byte for byte.
  func isEqual(_ page: Int) -> Bool {
    guard let left = unsafe address(of: page, in: region),
      let right = unsafe address(of: page, in: copy)
    else { return true }
    return unsafe memcmp(left, right, MemorySlot.pageSize) == 0
  }

  /// The sum of all counters: the stores that the guest has made.
  var stores: UInt64 {
    var sum: UInt64 = 0
    for page in 0..<pageCount {
      for cpu in 0..<cpuCount { sum &+= counter(cpu, on: page, of: region) }
    }
    return sum
  }

  private func counter(_ cpu: Int, on page: Int, of region: MemoryRegion) -> UInt64 {
    unsafe region.bytes.load(
      fromByteOffset: page * MemorySlot.pageSize + cpu * Self.cellSize, as: UInt64.self)
  }

  private func address(of page: Int, in region: MemoryRegion) -> UnsafeMutableRawPointer? {
    unsafe region.bytes.baseAddress.map { unsafe $0 + page * MemorySlot.pageSize }
  }
}
