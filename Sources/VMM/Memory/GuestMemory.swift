import Glibc
public import KVM
import Synchronization

/// The guest's RAM: one mapping of the host, shown to the guest as one to three ranges.
///
/// Guests write to it while the host reads: every access copies, and none hands out a reference
/// into it.
public final class GuestMemory: Sendable {
  /// A range of guest physical addresses and where it begins in the mapping.
  struct Range: Sendable {
    let start: GuestAddress
    let size: Int
    let offset: Int
  }

  let region: MemoryRegion
  let ranges: [Range]

  /// - Parameters:
  ///   - size: In bytes, a multiple of 4096, at least ``MemoryMap/minimumRAM`` with a VGA.
  ///   - hasVGA: Whether the addresses from 0xA0000 to 0xBFFFF are left to one. RAM behind them keeps
  ///     its addresses; what would lie under them is out of reach.
  public init(size: Int, hasVGA: Bool = false) throws(KVMError) {
    region = try MemoryRegion(size: size)
    let low = min(size, Int(MemoryMap.lowMemoryEnd.rawValue))
    var ranges: [Range] = []
    if hasVGA {
      let hole = Int(MemoryMap.vgaWindow.rawValue)..<Int(MemoryMap.vgaWindowEnd.rawValue)
      ranges = [
        Range(start: 0, size: hole.lowerBound, offset: 0),
        Range(
          start: MemoryMap.vgaWindowEnd, size: low - hole.upperBound, offset: hole.upperBound),
      ]
    } else {
      ranges = [Range(start: 0, size: low, offset: 0)]
    }
    if size > low {
      ranges.append(Range(start: MemoryMap.highRAM, size: size - low, offset: low))
    }
    self.ranges = ranges
  }

  public var size: Int { region.size }

  /// Bytes of RAM below 4 GiB, from address 0, with what a VGA covers.
  var sizeBelow4GiB: Int { min(size, Int(MemoryMap.lowMemoryEnd.rawValue)) }

  /// Bytes of RAM from 4 GiB up.
  var sizeAbove4GiB: Int { size - sizeBelow4GiB }

  /// The end of the highest range of RAM.
  var end: GuestAddress {
    ranges.reduce(0) { max($0, GuestAddress($1.start.rawValue + UInt64($1.size))) }
  }

  /// The host's bytes behind `count` bytes at `address`; nil unless all of them are RAM of one
  /// range.
  private func bytes(at address: GuestAddress, count: Int) -> UnsafeMutableRawBufferPointer? {
    for range in ranges where address >= range.start {
      let distance = address.rawValue - range.start.rawValue
      guard distance <= UInt64(range.size), count <= range.size - Int(distance) else { continue }
      return unsafe UnsafeMutableRawBufferPointer(
        rebasing: region.bytes[(range.offset + Int(distance))...].prefix(count))
    }
    return nil
  }

  /// Copies `bytes` to `address`. False, and nothing is written, unless all of it is RAM.
  public func write(_ bytes: [UInt8], at address: GuestAddress) -> Bool {
    guard let destination = unsafe self.bytes(at: address, count: bytes.count) else { return false }
    unsafe destination.copyBytes(from: bytes)
    return true
  }

  /// Stores `value` at `address`, little endian. False, and nothing is written, unless all of it
  /// is RAM.
  public func store<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, at address: GuestAddress
  ) -> Bool {
    let size = MemoryLayout<Value>.size
    guard let destination = unsafe bytes(at: address, count: size) else { return false }
    unsafe destination.storeBytes(of: value.littleEndian, as: Value.self)
    return true
  }

  /// Replaces the 32-bit word at `address` by `desired` in one step, as a vCPU's locked instruction
  /// would, if it is `expected`. False, and nothing is written, if it is not, or not aligned RAM.
  func compareExchange(
    expected: UInt32, desired: UInt32, at address: GuestAddress
  ) -> Bool {
    guard address.rawValue.isMultiple(of: 4), let word = unsafe bytes(at: address, count: 4),
      let base = word.baseAddress
    else { return false }
    return unsafe base.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.compareExchange(
      expected: expected, desired: desired, ordering: .sequentiallyConsistent
    ).exchanged
  }

  /// The same of the 16 bytes at `address`, a multiple of 16, with what was there; nil unless they are
  /// RAM.
  func compareExchange16(
    expected: Vector128, desired: Vector128, at address: GuestAddress
  ) -> Vector128? {
    guard address.rawValue.isMultiple(of: 16), let pair = unsafe bytes(at: address, count: 16),
      let base = pair.baseAddress
    else { return nil }
    let found = unsafe base.assumingMemoryBound(to: Atomic<WordPair>.self).pointee.compareExchange(
      expected: WordPair(first: UInt(expected.low), second: UInt(expected.high)),
      desired: WordPair(first: UInt(desired.low), second: UInt(desired.high)),
      ordering: .sequentiallyConsistent
    ).original
    return Vector128(low: UInt64(found.first), high: UInt64(found.second))
  }

  /// Makes all of it zero, as it was at first. Only while no vCPU runs.
  func clear() {
    region.clear()
  }

  /// Has the kernel forget how it maps the page at `address` for the guest, which then faults it in anew.
  /// Does nothing outside of RAM.
  func flushPage(at address: GuestAddress) {
    guard let page = unsafe bytes(at: address, count: 4096), let base = page.baseAddress else {
      return
    }
    // Every change of the protection does it. While it lasts the guest may still read.
    unsafe mprotect(base, 4096, PROT_READ)
    unsafe mprotect(base, 4096, PROT_READ | PROT_WRITE)
  }

  /// A copy of `count` bytes at `address`; nil unless all of them are RAM.
  public func read(_ count: Int, at address: GuestAddress) -> [UInt8]? {
    guard count >= 0, let source = unsafe bytes(at: address, count: count) else { return nil }
    return unsafe [UInt8](source)
  }

  /// Lets `fill` write `count` bytes at `address` itself, for example straight from a file.
  func fill<Failure: Error>(
    _ count: Int, at address: GuestAddress,
    with fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    guard let destination = unsafe bytes(at: address, count: count) else { return false }
    try unsafe fill(destination)
    return true
  }
}
