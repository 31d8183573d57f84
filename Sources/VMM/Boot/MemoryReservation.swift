/// A range of guest physical addresses that an image must leave free, and whose it is.
struct MemoryReservation {
  let range: Range<GuestAddress>
  /// The noun for messages.
  let owner: String

  init(_ start: GuestAddress, _ end: GuestAddress, _ owner: String) {
    range = start..<end
    self.owner = owner
  }

  /// Whether it and the bytes from `start` to `last` have any in common.
  func overlaps(_ start: GuestAddress, through last: GuestAddress) -> Bool {
    start < range.upperBound && last >= range.lowerBound
  }

  /// What the flat entry state of `mode` occupies on a machine with `memorySize` bytes of RAM.
  static func flat(_ mode: CPUMode, memorySize: UInt64) -> [MemoryReservation] {
    let bootInformation = MemoryReservation(
      MemoryMap.bootInformation, GuestAddress(MemoryMap.bootInformation.rawValue + 0x1000),
      "the boot-information block")
    let descriptors = MemoryReservation(
      MemoryMap.descriptorTable,
      GuestAddress(MemoryMap.taskStateSegment.rawValue + UInt64(TaskStateSegment.size)),
      "the descriptor tables")
    let stack = MemoryReservation(
      MemoryMap.pageTablesEnd, MemoryMap.stackTop, "the initial stack")
    switch mode {
    case .real:
      return [
        bootInformation,
        MemoryReservation(
          MemoryMap.conventionalMemoryEnd, 0x10_0000, "the PC's video memory and ROMs"),
        MemoryReservation(0x10_0000, MemoryMap.highRAM, "what real mode cannot address"),
      ]
    case .protected:
      return [descriptors, bootInformation, stack, firmware, framebuffer]
    case .long:
      let tables = MemoryReservation(
        MemoryMap.pageTables, PageTables.end(memorySize: memorySize), "the page tables")
      return [descriptors, bootInformation, tables, stack, firmware, framebuffer]
    }
  }

  /// What no kernel may be loaded over: the PC's video memory and ROMs, and the framebuffer.
  static var hardware: [MemoryReservation] {
    [
      MemoryReservation(
        MemoryMap.conventionalMemoryEnd, MemoryMap.highMemory, "the PC's video memory and ROMs"),
      framebuffer,
    ]
  }

  static var firmware: MemoryReservation {
    MemoryReservation(MemoryMap.firmwareTables, MemoryMap.highMemory, "the ACPI and MP tables")
  }

  static var framebuffer: MemoryReservation {
    MemoryReservation(
      MemoryMap.framebuffer,
      GuestAddress(MemoryMap.framebuffer.rawValue + UInt64(MemoryMap.maximumVideoMemory)),
      "the framebuffer")
  }
}

extension ELFFile {
  /// Checks that all segments lie in `memorySize` bytes of RAM and leave `reservations` free.
  func validate(memorySize: UInt64, reservations: [MemoryReservation]) throws(VMMError) {
    try placement.validate(file, memorySize: memorySize, reservations: reservations)
  }
}
