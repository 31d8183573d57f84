/// An ELF executable without any boot header, and how it is to be entered: at its entry, in the flat
/// state of the mode, with the boot-information block (``BootInformation``).
public struct ELFImage: Sendable {
  public let elf: ELFFile
  public let mode: CPUMode
  public let entry: GuestAddress

  /// - Parameters:
  ///   - mode: The mode of entry; nil for protected mode with a 32-bit file, long mode with a 64-bit
  ///     one.
  ///   - entry: The first instruction; nil for the file's own.
  public init(_ file: ImageFile, mode: CPUMode? = nil, entry: GuestAddress? = nil) throws(VMMError)
  {
    elf = try ELFFile(file)
    self.mode = mode ?? (elf.bits == 64 ? .long : .protected)
    if let entry {
      guard elf.segments.contains(where: { $0.hasPhysical(entry.rawValue) }) else {
        throw VMMError(.usage, "entry \(entry): lies outside the segments of image \(file.name)")
      }
      self.entry = entry
    } else {
      self.entry = try elf.physicalEntry()
    }
  }

  /// Checks that the segments fit in `memorySize` bytes of RAM and overlap nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    try elf.validate(
      memorySize: memorySize, reservations: MemoryReservation.flat(mode, memorySize: memorySize))
  }
}
