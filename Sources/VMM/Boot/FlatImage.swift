/// A flat image and how it is to be entered: everything about it that can be checked without KVM.
public struct FlatImage: Sendable {
  public let file: ImageFile
  public let mode: CPUMode
  public let loadAddress: GuestAddress
  public let entry: GuestAddress

  /// - Parameters:
  ///   - mode: The mode of entry; nil for real mode with a boot sector, else long mode.
  ///   - loadAddress: A multiple of 16; nil for the mode's default.
  ///   - entry: The first instruction, within the image; nil for the load address.
  public init(
    _ file: ImageFile, mode: CPUMode? = nil, loadAddress: GuestAddress? = nil,
    entry: GuestAddress? = nil
  ) throws(VMMError) {
    if let remedy = file.kind.remedy {
      throw VMMError(
        .image, "image \(file.name): is \(article(file.kind.summary)), not a flat image; \(remedy)")
    }
    guard file.size > 0 else {
      throw VMMError(.image, "image \(file.name): is empty; there is nothing to run")
    }
    self.file = file
    let mode = mode ?? (file.kind == .bootSector ? .real : .long)
    let loadAddress = loadAddress ?? mode.defaultLoadAddress
    let entry = entry ?? loadAddress
    self.mode = mode
    self.loadAddress = loadAddress
    self.entry = entry

    guard loadAddress.rawValue % 16 == 0 else {
      throw VMMError(.usage, "load address \(loadAddress): is misaligned; give a multiple of 16")
    }
    guard loadAddress < MemoryMap.highRAM else {
      throw VMMError(.usage, "load address \(loadAddress): lies beyond 4 GiB; give a lower one")
    }
    guard entry >= loadAddress, entry.rawValue - loadAddress.rawValue < UInt64(file.size) else {
      throw VMMError(
        .usage,
        "entry \(entry): lies outside the image, which covers \(loadAddress) to \(lastAddress)")
    }
  }

  /// The address of the image's last byte.
  public var lastAddress: GuestAddress {
    GuestAddress(loadAddress.rawValue + UInt64(file.size) - 1)
  }

  /// Checks that the image fits in `memorySize` bytes of RAM and overlaps nothing that the machine
  /// puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    guard UInt64(file.size) <= memorySize else {
      throw VMMError(
        .image,
        "image \(file.name): \(file.size) bytes are more than the guest's memory of \(memorySize); "
          + "raise --memory")
    }
    for (range, what) in reservedRanges(memorySize: memorySize)
    where loadAddress < range.upperBound && lastAddress >= range.lowerBound {
      throw VMMError(
        .image,
        "image \(file.name): at \(loadAddress) to \(lastAddress) it overlaps \(what) at "
          + "\(range.lowerBound); choose another --load-address")
    }
    let lowRAM = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    guard lastAddress.rawValue < lowRAM else {
      throw VMMError(
        .image,
        "image \(file.name): at \(loadAddress) to \(lastAddress) it ends beyond the guest's memory "
          + "(\(GuestAddress(lowRAM))); lower --load-address or raise --memory")
    }
  }

  /// What the machine occupies, by mode, with its name for messages.
  private func reservedRanges(
    memorySize: UInt64
  ) -> [(range: Range<GuestAddress>, what: String)] {
    let framebufferEnd = GuestAddress(
      MemoryMap.framebuffer.rawValue + UInt64(MemoryMap.maximumVideoMemory))
    let bootInformation = (
      MemoryMap.bootInformation..<GuestAddress(MemoryMap.bootInformation.rawValue + 0x1000),
      "the boot-information block"
    )
    let framebuffer = (MemoryMap.framebuffer..<framebufferEnd, "the framebuffer")
    let descriptors = (
      MemoryMap
        .descriptorTable..<GuestAddress(
          MemoryMap.taskStateSegment.rawValue + UInt64(TaskStateSegment.size)),
      "the descriptor tables"
    )
    let stack = (MemoryMap.pageTablesEnd..<MemoryMap.stackTop, "the initial stack")
    let firmware = (MemoryMap.firmwareTables..<MemoryMap.highMemory, "the ACPI and MP tables")
    switch mode {
    case .real:
      let video = (
        MemoryMap.conventionalMemoryEnd..<GuestAddress(0x10_0000), "the PC's video memory and ROMs"
      )
      let beyond = (GuestAddress(0x10_0000)..<MemoryMap.highRAM, "what real mode cannot address")
      return [bootInformation, video, beyond]
    case .protected:
      return [descriptors, bootInformation, stack, firmware, framebuffer]
    case .long:
      let tables = (
        MemoryMap.pageTables..<PageTables.end(memorySize: memorySize), "the page tables"
      )
      return [descriptors, bootInformation, tables, stack, firmware, framebuffer]
    }
  }
}

/// `noun` with its indefinite article.
private func article(_ noun: String) -> String {
  ("AEIOU".contains(noun.prefix(1)) ? "an " : "a ") + noun
}
