import CKVM
public import KVM

/// The walk of the page tables that the processor makes for one linear address, as far as it gets.
///
/// Everything read is the guest's, which may be hostile: the walk reads at most five entries, each
/// with a check that it lies in RAM. Intel SDM volume 3, chapter 5.
public struct PageWalk: Equatable, Sendable {
  /// One entry that was read.
  public struct Entry: Equatable, Sendable {
    /// The kind of entry, as Intel names it: `PML4E`.
    public let name: String
    /// Which entry of its table.
    public let index: Int
    /// The guest physical address of the entry.
    public let address: UInt64
    public let value: UInt64
  }

  /// Where the walk ended.
  public enum Outcome: Equatable, Sendable {
    /// Paging is off: linear addresses are physical ones.
    case unpaged(UInt64)
    /// The address is mapped to `physical`, in a page of `pageSize` bytes.
    case mapped(physical: UInt64, pageSize: UInt64)
    /// The last entry is not present.
    case notPresent
    /// The last entry has bits set that must be 0.
    case reservedBits
    /// The next table is not in RAM.
    case tableOutsideRAM(UInt64)
    /// The upper bits of the address do not repeat its sign.
    case notCanonical
  }

  public let linear: UInt64
  /// The kind of paging in words, such as `4-level paging`.
  public let paging: String
  public let entries: [Entry]
  public let outcome: Outcome

  /// The guest physical address behind the linear one; nil if there is none.
  public var physical: UInt64? {
    switch outcome {
    case .unpaged(let address), .mapped(let address, _): address
    default: nil
    }
  }

  /// Walks the tables for `linear` as a vCPU with the registers `special` would.
  public init(_ linear: UInt64, _ special: SpecialRegisters, in memory: GuestMemory) {
    let paging = Paging(special)
    self.paging = paging.name
    self.linear = paging.isLong ? linear : linear & 0xFFFF_FFFF
    (entries, outcome) = paging.walk(self.linear, special, in: memory)
  }
}

/// The paging mode of a vCPU (Intel SDM volume 3, section 5.1.1).
private struct Paging {
  /// One level of tables.
  struct Level {
    let name: String
    /// The lowest bit of the linear address that selects an entry.
    let shift: UInt64
    /// How many bits select it.
    var bits: UInt64 = 9
    /// Whether bit 7 makes the entry map a page of its own.
    var mayBeLarge = false
  }

  let name: String
  let levels: [Level]
  var entrySize: UInt64 = 8
  var isLong = false
  /// Bits 12 to 51: where an entry has an address.
  private static let addressMask: UInt64 = 0x000F_FFFF_FFFF_F000
  private static let present: UInt64 = 1
  private static let pageSizeBit: UInt64 = 1 << 7

  init(_ special: SpecialRegisters) {
    let table = Level(name: "PTE", shift: 12)
    let directory = Level(name: "PDE", shift: 21, mayBeLarge: true)
    guard special.cr0 & ControlRegister.paging != 0 else {
      name = "paging is off"
      levels = []
      return
    }
    if special.efer & ControlRegister.longModeActive != 0 {
      let lower = [
        Level(name: "PML4E", shift: 39), Level(name: "PDPTE", shift: 30, mayBeLarge: true),
        directory, table,
      ]
      let hasFive = special.cr4 & ControlRegister.linearAddresses57 != 0
      name = hasFive ? "5-level paging" : "4-level paging"
      levels = hasFive ? [Level(name: "PML5E", shift: 48)] + lower : lower
      isLong = true
    } else if special.cr4 & ControlRegister.physicalAddressExtension != 0 {
      name = "PAE paging"
      levels = [Level(name: "PDPTE", shift: 30, bits: 2), directory, table]
    } else {
      name = "32-bit paging"
      let hasLargePages = special.cr4 & ControlRegister.pageSizeExtensions != 0
      levels = [
        Level(name: "PDE", shift: 22, bits: 10, mayBeLarge: hasLargePages),
        Level(name: "PTE", shift: 12, bits: 10),
      ]
      entrySize = 4
    }
  }

  func walk(
    _ linear: UInt64, _ special: SpecialRegisters, in memory: GuestMemory
  ) -> ([PageWalk.Entry], PageWalk.Outcome) {
    guard let root = levels.first else { return ([], .unpaged(linear)) }
    guard !isLong || isCanonical(linear, bits: root.shift + root.bits) else {
      return ([], .notCanonical)
    }
    var entries: [PageWalk.Entry] = []
    // The four PDPTEs of PAE paging need no page of their own.
    var table = special.cr3 & (root.bits == 2 ? 0xFFFF_FFE0 : Self.addressMask)
    for level in levels {
      let index = linear >> level.shift & (1 << level.bits - 1)
      let address = table &+ index &* entrySize
      guard let value = read(address, in: memory) else { return (entries, .tableOutsideRAM(table)) }
      entries.append(
        PageWalk.Entry(name: level.name, index: Int(index), address: address, value: value))
      guard value & Self.present != 0 else { return (entries, .notPresent) }
      table = value & Self.addressMask
      let isLarge = level.shift > 12 && value & Self.pageSizeBit != 0
      if hasReservedBits(value, level, isLarge: isLarge, special) {
        return (entries, .reservedBits)
      }
      if level.shift == 12 || (isLarge && level.mayBeLarge) {
        let size: UInt64 = 1 << level.shift
        return (
          entries,
          .mapped(physical: frame(of: value, size: size) | linear & (size - 1), pageSize: size)
        )
      }
    }
    return (entries, .notPresent)
  }

  /// Whether `entry` has bits set that must be 0. Intel SDM volume 3, section 5.7, "RSVD flag".
  private func hasReservedBits(
    _ entry: UInt64, _ level: Level, isLarge: Bool, _ special: SpecialRegisters
  ) -> Bool {
    guard entrySize == 8 else { return false }
    if entry >> 63 != 0, special.efer & ControlRegister.noExecuteEnable == 0 { return true }
    guard isLarge else { return false }
    // Bit 12 of a large page's entry is PAT; the rest below its address is 0.
    return !level.mayBeLarge || entry & Self.addressMask & (1 << level.shift - 1) & ~(1 << 12) != 0
  }

  /// The physical address of the page of `size` bytes that `entry` maps.
  private func frame(of entry: UInt64, size: UInt64) -> UInt64 {
    // PSE-36: bits 13 to 20 of a 4 MiB page's entry are bits 32 to 39 of its address.
    let high = entrySize == 4 && size > 4096 ? (entry >> 13 & 0xFF) << 32 : 0
    return entry & Self.addressMask & ~(size - 1) | high
  }

  private func isCanonical(_ linear: UInt64, bits: UInt64) -> Bool {
    let sign = Int64(bitPattern: linear) >> Int64(bits - 1)
    return sign == 0 || sign == -1
  }

  private func read(_ address: UInt64, in memory: GuestMemory) -> UInt64? {
    memory.read(Int(entrySize), at: GuestAddress(address))?.littleEndian
  }
}
