/// Where an initial RAM disk goes.
enum Initrd {
  /// The highest page-aligned address at which `file` ends below `limit`.
  ///
  /// - Parameters:
  ///   - start: The end of the kernel.
  ///   - limit: The end of RAM, or of what the kernel can reach of it.
  static func address(
    of file: ImageFile, between start: GuestAddress, and limit: GuestAddress,
    memoryBelow4GiB: UInt64
  ) throws(VMMError) -> GuestAddress {
    let size = UInt64(file.size)
    guard limit.rawValue > size, case let address = (limit.rawValue - size) & ~0xFFF,
      address >= start.rawValue
    else {
      let (needed, isBeyond) = (start.rawValue + 0xFFF & ~0xFFF).addingReportingOverflow(size)
      let isCurable =
        !isBeyond && limit.rawValue == memoryBelow4GiB
        && needed <= MemoryMap.lowMemoryEnd.rawValue
      throw VMMError(
        .image,
        "initrd \(file.name): \(size) bytes do not fit between the kernel's end at \(start) and "
          + "\(limit), "
          + (isCurable
            ? "the end of memory; raise --memory to \(MemorySizeText(atLeast: needed))"
            : "the highest address that it may have; use a smaller one"))
    }
    return GuestAddress(address)
  }
}

/// A size as `--memory` takes it, rounded up to a whole number of MiB.
struct MemorySizeText: CustomStringConvertible {
  private let mebibytes: UInt64

  init(atLeast size: UInt64) {
    mebibytes = size >> 20 + (size & 0xF_FFFF == 0 ? 0 : 1)
  }

  var description: String { "\(mebibytes)M" }
}
