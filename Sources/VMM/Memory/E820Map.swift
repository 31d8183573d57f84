/// Physical memory as a PC's BIOS tells it by INT 15h, E820h, and boot protocols hand it over.
///
/// Source: ACPI 6.4, section 15.1 and table 15.3.
struct E820Map {
  enum Kind: UInt32 {
    case ram = 1
    case reserved = 2
  }

  struct Entry: Equatable {
    let start: GuestAddress
    let size: UInt64
    let kind: Kind

    init(_ start: GuestAddress, to end: GuestAddress, _ kind: Kind) {
      self.start = start
      size = end.rawValue - start.rawValue
      self.kind = kind
    }
  }

  /// In ascending order, without overlaps. What is in none of them is not RAM.
  let entries: [Entry]

  /// The entries of a machine with at least ``MemoryMap/minimumRAM`` bytes of RAM.
  init(_ platform: Platform) {
    // Firmware keeps the last KiB of conventional memory, as a PC's extended BIOS data area.
    let extendedBIOSData = GuestAddress(MemoryMap.conventionalMemoryEnd.rawValue - 0x400)
    var entries: [Entry] = [
      Entry(0, to: extendedBIOSData, .ram),
      Entry(extendedBIOSData, to: MemoryMap.conventionalMemoryEnd, .reserved),
      Entry(MemoryMap.firmwareTables, to: MemoryMap.highMemory, .reserved),
      Entry(MemoryMap.highMemory, to: GuestAddress(platform.memoryBelow4GiB), .ram),
      Entry(MemoryMap.identityMap, to: MemoryMap.kvmPagesEnd, .reserved),
    ]
    if platform.memoryAbove4GiB > 0 {
      let end = GuestAddress(MemoryMap.highRAM.rawValue + platform.memoryAbove4GiB)
      entries.append(Entry(MemoryMap.highRAM, to: end, .ram))
    }
    self.entries = entries
  }
}
