/// The tables by which a kernel finds its processors, APICs and devices: ACPI 6.4 and MP 1.4.
///
/// They lie where a PC has the upper half of its BIOS, and where kernels look for the RSDP and for
/// the MP floating pointer:
///
/// | address | content |
/// |---|---|
/// | 0xF0000 | RSDP |
/// | 0xF0030 | MP floating pointer, if there are local APICs |
/// | 0xF0040 | FACS, 64 bytes |
/// | from 0xF0080 | DSDT, FADT, MADT, MP configuration table, RSDT, XSDT, each at a multiple of 16 |
///
/// The boot-information block has the address of the RSDP, too.
struct FirmwareTables {
  /// vCPUs; their ids are those of their local APICs.
  var cpuCount: UInt8
  /// Whether the vCPUs have local APICs. Without any there is neither MADT nor MP table, and
  /// ``ioAPICVersion`` means nothing.
  var hasLocalAPIC: Bool
  /// The low byte of the I/O APIC's version register; nil if the machine has none.
  var ioAPICVersion: UInt8?
  /// What processor each vCPU is.
  var processor: MPTable.Processor
  /// Whether the machine has a VGA.
  var hasVGA = false

  /// KVM's I/O APIC says that it is a 82093AA.
  static let kernelIOAPICVersion: UInt8 = 0x11

  /// The address of the RSDP, at which all of them begin.
  static let start = MemoryMap.firmwareTables

  /// Writes all tables. The caller has checked that RAM reaches beyond them, and that nothing else
  /// lies there.
  func write(to memory: GuestMemory) {
    _ = memory.write(bytes, at: Self.start)
  }

  /// All tables, as they lie from ``start``.
  var bytes: [UInt8] {
    var region = Region(base: UInt32(truncatingIfNeeded: Self.start.rawValue))
    // What a kernel searches for comes first, though it points to what comes later.
    let rsdp = region.reserve(RSDP.size)
    let floatingPointer = region.reserve(16)
    let facs = region.place(FACS.make(), alignment: FACS.alignment)
    let dsdt = region.place(DSDT.make(cpuCount: cpuCount))
    var tables = [region.place(FADT.make(facs: facs, dsdt: dsdt, hasVGA: hasVGA))]
    if hasLocalAPIC {
      tables.append(
        region.place(MADT.make(cpuCount: cpuCount, hasIOAPIC: ioAPICVersion != nil)))
      let table = region.place(
        MPTable.make(cpuCount: cpuCount, processor: processor, ioAPICVersion: ioAPICVersion))
      region.fill(floatingPointer, with: MPTable.floatingPointer(table: table))
    }
    let rsdt = region.place(RootTables.rsdt(tables))
    let xsdt = region.place(RootTables.xsdt(tables))
    region.fill(rsdp, with: RSDP.make(rsdt: rsdt, xsdt: UInt64(xsdt)))
    return region.bytes
  }
}

/// Tables behind one another.
private struct Region {
  let base: UInt32
  private(set) var bytes: [UInt8] = []

  init(base: UInt32) {
    self.base = base
    bytes.reserveCapacity(2048)
  }

  /// Appends `table` at the next multiple of `alignment` and returns its address.
  mutating func place(_ table: [UInt8], alignment: Int = 16) -> UInt32 {
    let address = base + UInt32(truncatingIfNeeded: align(to: alignment))
    bytes.append(contentsOf: table)
    return address
  }

  /// Leaves `size` bytes for ``fill(_:with:)`` and returns their offset.
  mutating func reserve(_ size: Int) -> Int {
    let offset = align(to: 16)
    bytes.append(zeroes: size)
    return offset
  }

  mutating func fill(_ offset: Int, with table: [UInt8]) {
    bytes.replaceSubrange(offset..<offset + table.count, with: table)
  }

  private mutating func align(to alignment: Int) -> Int {
    bytes.append(zeroes: (alignment - bytes.count % alignment) % alignment)
    return bytes.count
  }
}
