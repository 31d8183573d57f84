/// The RAM below 4 GiB that nothing occupies yet: where a boot loader puts what it hands over.
struct FreeMemory {
  /// By rising address, without overlaps, none empty.
  private var ranges: [Range<UInt64>]

  /// Conventional memory but for its first page, and RAM from 1 MiB up, less what `taken` occupies.
  init(memorySize: UInt64, taken: [ClosedRange<GuestAddress>]) {
    let lowRAM = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    ranges = [0x1000..<MemoryMap.conventionalMemoryEnd.rawValue - 0x400]
    if lowRAM > MemoryMap.highMemory.rawValue {
      ranges.append(MemoryMap.highMemory.rawValue..<lowRAM)
    }
    for range in taken { remove(range.lowerBound.rawValue, through: range.upperBound.rawValue) }
  }

  /// Takes the lowest `size` bytes (one, if that is 0) that begin at a multiple of `alignment`, a power of
  /// two, and lie within `limits`.
  ///
  /// - Returns: Where; nil if there is no such place.
  mutating func take(
    _ size: UInt64, alignment: UInt64 = 4096, within limits: ClosedRange<UInt64>
  ) -> GuestAddress? {
    let size = max(1, size)
    for range in ranges {
      let start = max(range.lowerBound, limits.lowerBound)
      // No sum overflows: RAM ends far below 4 GiB.
      guard start < range.upperBound, alignment <= MemoryMap.highRAM.rawValue,
        case let aligned = (start + alignment - 1) & ~(alignment - 1),
        aligned < range.upperBound, size <= range.upperBound - aligned,
        aligned + (size - 1) <= limits.upperBound
      else { continue }
      remove(aligned, through: aligned + (size - 1))
      return GuestAddress(aligned)
    }
    return nil
  }

  /// As ``take(_:alignment:within:)``, but the highest.
  mutating func takeHighest(
    _ size: UInt64, alignment: UInt64, within limits: ClosedRange<UInt64>
  ) -> GuestAddress? {
    let size = max(1, size)
    for range in ranges.reversed() {
      let end = min(range.upperBound - 1, limits.upperBound)
      guard alignment <= MemoryMap.highRAM.rawValue, end >= size - 1,
        case let start = (end - (size - 1)) & ~(alignment - 1),
        start >= max(range.lowerBound, limits.lowerBound)
      else { continue }
      remove(start, through: start + (size - 1))
      return GuestAddress(start)
    }
    return nil
  }

  private mutating func remove(_ start: UInt64, through last: UInt64) {
    var rest: [Range<UInt64>] = []
    for range in ranges {
      guard start < range.upperBound, last >= range.lowerBound else {
        rest.append(range)
        continue
      }
      if range.lowerBound < start { rest.append(range.lowerBound..<start) }
      if last < range.upperBound - 1 { rest.append(last + 1..<range.upperBound) }
    }
    ranges = rest
  }
}
