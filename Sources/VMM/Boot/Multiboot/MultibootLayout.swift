import Display

/// Where everything goes that a Multiboot loader puts into memory.
///
/// The boot information lies in conventional memory from 0x9000 on, as QEMU has it, or where the
/// kernel leaves room. The kernel's symbol and string tables follow the kernel, and then its modules,
/// each on a page boundary, as GRUB does it; or they lie below it, if the kernel wants to be where RAM
/// ends.
struct MultibootLayout: Sendable {
  /// The image where it is loaded, which is not where it was linked if it can be moved.
  let placement: ImagePlacement
  let entry: GuestAddress
  /// Where each module begins.
  let modules: [GuestAddress]
  /// nil for an image without section headers.
  let sections: ELFSections?
  /// Where the tables of ``sections`` are loaded.
  let tables: [(table: ELFSections.Table, address: GuestAddress)]
  let information: GuestAddress

  init(_ image: MultibootImage, memorySize: UInt64) throws(VMMError) {
    let placement = try Self.place(image, memorySize: memorySize)
    try placement.validate(
      image.file, memorySize: memorySize, reservations: MemoryReservation.hardware)
    self.placement = placement
    entry = GuestAddress(
      image.linkedEntry.rawValue &- image.placement.start.rawValue &+ placement.start.rawValue)
    var free = FreeMemory(memorySize: memorySize, taken: placement.loadedRanges)
    let places = Self.places(besides: placement)

    var sections = try image.elf.flatMap { elf throws(VMMError) in try ELFSections(elf) }
    var tables: [(table: ELFSections.Table, address: GuestAddress)] = []
    for table in sections?.tables ?? [] {
      // A table for which there is no room is one that the kernel does not find.
      guard let address = free.take(table.size, alignment: table.alignment, withinFirstOf: places)
      else { continue }
      sections?.setAddress(address, of: table.index)
      tables.append((table, address))
    }
    self.sections = sections
    self.tables = tables

    var modules: [GuestAddress] = []
    for module in image.modules {
      guard module.file.size > 0 else {
        throw VMMError(.image, "module \(module.file.name): is empty; leave it out")
      }
      guard let address = free.take(UInt64(module.file.size), withinFirstOf: places) else {
        throw VMMError(
          .image,
          "module \(module.file.name): \(module.file.size) bytes do not fit in memory beside the "
            + "kernel; raise --memory")
      }
      modules.append(address)
    }
    self.modules = modules

    // The largest that it can become: its size says where there is room for it.
    let draft = MultibootInformation(
      image: image, placement: placement, entry: entry, modules: modules, sections: sections,
      base: 0)
    let size = UInt64(
      draft.bytes(
        .largest(memorySize: memorySize), rsdp: [UInt8](repeating: 0, count: RSDP.size)
      ).count)
    let whole = 0x1000...MemoryMap.highRAM.rawValue - 1
    guard
      let information = free.take(size, withinFirstOf: [0x9000...0x7_FFFF, whole])
    else {
      throw VMMError(
        .image,
        "image \(image.file.name): leaves no room for \(size) bytes of boot information; raise --memory"
      )
    }
    self.information = information
  }

  /// Behind the kernel, and anywhere from 1 MiB up to 4 GiB.
  private static func places(besides placement: ImagePlacement) -> [ClosedRange<UInt64>] {
    let lowest = MemoryMap.highMemory.rawValue
    let highest = MemoryMap.highRAM.rawValue - 1
    return [min(max(placement.last.rawValue, lowest), highest)...highest, lowest...highest]
  }

  /// The image where its relocatable tag allows it; the linked place if there is none, or if it has no
  /// preference and that will do.
  private static func place(
    _ image: MultibootImage, memorySize: UInt64
  ) throws(VMMError) -> ImagePlacement {
    let linked = image.placement
    guard let relocation = image.relocation else { return linked }
    let free = FreeMemory(memorySize: memorySize, taken: [])
    let size = linked.last.rawValue - linked.start.rawValue + 1
    // An image that fills all of the address space has a size of 0 here.
    guard size > 0 else { return linked }
    // Conventional memory is left to what the kernel does not expect to be its own.
    let lowest = max(relocation.limits.lowerBound, MemoryMap.highMemory.rawValue)
    guard lowest <= relocation.limits.upperBound else { return linked }
    let limits = lowest...relocation.limits.upperBound
    var (upward, downward, there) = (free, free, free)
    let start: GuestAddress?
    switch relocation.preference {
    case .none:
      let place = linked.start.rawValue...linked.last.rawValue
      let isAllowed =
        limits.contains(place.lowerBound) && limits.contains(place.upperBound)
        && place.lowerBound % relocation.alignment == 0
      start =
        (isAllowed ? there.take(size, alignment: 1, within: place) : nil)
        ?? upward.take(size, alignment: relocation.alignment, within: limits)
    case .lowest: start = upward.take(size, alignment: relocation.alignment, within: limits)
    case .highest:
      start = downward.takeHighest(size, alignment: relocation.alignment, within: limits)
    }
    guard let start else {
      throw VMMError(
        .image,
        "image \(image.file.name): \(size) bytes do not fit between "
          + "\(limits.lowerBound.hexadecimal) and \(limits.upperBound.hexadecimal), where its Multiboot "
          + "2 header wants it; raise --memory")
    }
    return linked.moved(to: start)
  }
}

extension FreeMemory {
  fileprivate mutating func take(
    _ size: UInt64, alignment: UInt64 = 4096, withinFirstOf places: [ClosedRange<UInt64>]
  ) -> GuestAddress? {
    for place in places {
      if let address = take(size, alignment: alignment, within: place) { return address }
    }
    return nil
  }
}

extension Platform {
  /// The platform whose description is the longest, for a machine with so much memory.
  fileprivate static func largest(memorySize: UInt64) -> Platform {
    let low = min(memorySize, MemoryMap.lowMemoryEnd.rawValue)
    // One with a palette, and with a number in VBE.
    let mode = DisplayMode(
      width: 640, height: 480, format: .indexed8, stride: 640, startOffset: 0,
      videoMemorySize: 640 * 480)
    return Platform(
      memoryBelow4GiB: low, memoryAbove4GiB: memorySize - low,
      framebuffer: mode.map { ($0, 1 << 24) }, cpuCount: 1,
      commandLine: String(repeating: "x", count: BootInformation.maximumCommandLine))
  }
}
