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

    /// Bytes of ``encoded``.
    static let encodedSize = 20

    /// Start, size and kind, little endian: what INT 15h stores and the boot protocols have copied.
    var encoded: [UInt8] {
      var bytes: [UInt8] = []
      bytes.append(littleEndian: start.rawValue)
      bytes.append(littleEndian: size)
      bytes.append(littleEndian: kind.rawValue)
      return bytes
    }
  }

  /// In ascending order, without overlaps. What is in none of them is not RAM.
  let entries: [Entry]

  init(_ platform: Platform) {
    self.init(
      memoryBelow4GiB: platform.memoryBelow4GiB, memoryAbove4GiB: platform.memoryAbove4GiB)
  }

  /// The entries of a machine with at least ``MemoryMap/minimumRAM`` bytes of RAM.
  init(memoryBelow4GiB: UInt64, memoryAbove4GiB: UInt64) {
    // Firmware keeps the last KiB of conventional memory, as a PC's extended BIOS data area.
    let extendedBIOSData = GuestAddress(MemoryMap.conventionalMemoryEnd.rawValue - 0x400)
    var entries: [Entry] = [
      Entry(0, to: extendedBIOSData, .ram),
      Entry(extendedBIOSData, to: MemoryMap.conventionalMemoryEnd, .reserved),
      Entry(MemoryMap.firmwareTables, to: MemoryMap.highMemory, .reserved),
      Entry(MemoryMap.highMemory, to: GuestAddress(memoryBelow4GiB), .ram),
      Entry(MemoryMap.identityMap, to: MemoryMap.kvmPagesEnd, .reserved),
    ]
    if memoryAbove4GiB > 0 {
      let end = GuestAddress(MemoryMap.highRAM.rawValue + memoryAbove4GiB)
      entries.append(Entry(MemoryMap.highRAM, to: end, .ram))
    }
    self.entries = entries
  }
}
