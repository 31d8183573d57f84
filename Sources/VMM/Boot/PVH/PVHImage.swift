/// An ELF kernel with a PVH entry, and what it is started with: everything that can be checked without
/// KVM.
///
/// Source: "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc in Xen).
public struct PVHImage: Sendable {
  public let elf: ELFFile
  /// The first instruction, in protected mode without paging: what the note XEN_ELFNOTE_PHYS32_ENTRY
  /// says.
  public let entry: GuestAddress
  /// The initial RAM disk; nil for none.
  public let initrd: ImageFile?

  /// - Parameter initrd: Handed to the kernel as its first module, as it is.
  public init(_ file: ImageFile, initrd: ImageFile? = nil) throws(VMMError) {
    elf = try ELFFile(file)
    guard let entry = try elf.pvhEntry() else {
      throw VMMError(
        .image,
        "image \(file.name): has no PVH entry (ELF note Xen 18); build a Linux kernel with CONFIG_PVH, "
          + "or choose another --format")
    }
    guard elf.segments.contains(where: { $0.hasPhysical(entry.rawValue) }) else {
      throw VMMError(
        .image,
        "image \(file.name): its PVH entry \(entry) lies outside its segments; link it again")
    }
    self.entry = entry
    self.initrd = initrd
  }

  /// Checks that segments and initrd fit in `memorySize` bytes of RAM and overlap nothing that the
  /// machine puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    try elf.validate(
      memorySize: memorySize,
      reservations: [
        MemoryReservation(
          MemoryMap.descriptorTable, MemoryMap.bootInformation, "the descriptor table"),
        MemoryReservation(
          MemoryMap.bootInformation, MemoryMap.kernelCommandLine, "the start information"),
        MemoryReservation(
          MemoryMap.kernelCommandLine, MemoryMap.kernelCommandLineEnd, "the command line"),
        .firmware, .framebuffer,
      ])
    _ = try initrdAddress(memoryBelow4GiB: min(memorySize, MemoryMap.lowMemoryEnd.rawValue))
  }

  /// Where the initrd lies on a machine with so much RAM below 4 GiB: page-aligned, as high as it can.
  /// nil if there is none.
  func initrdAddress(memoryBelow4GiB: UInt64) throws(VMMError) -> GuestAddress? {
    guard let initrd else { return nil }
    // A kernel may lie beyond 4 GiB, too.
    let ends = elf.segments.map(\.physicalEnd).filter { $0 <= memoryBelow4GiB }
    return try Initrd.address(
      of: initrd, between: GuestAddress(ends.max() ?? MemoryMap.highMemory.rawValue),
      and: GuestAddress(memoryBelow4GiB), memoryBelow4GiB: memoryBelow4GiB)
  }
}
