/// The RSDP, by which a system finds all other tables. ACPI specification 6.4, section 5.2.5.
enum RSDP {
  static let size = 36

  static func make(rsdt: UInt32, xsdt: UInt64) -> [UInt8] {
    var table: [UInt8] = []
    table.append(ascii: "RSD PTR ")
    table.append(0)  // Checksum of the part that ACPI 1.0 knows, below.
    table.append(ascii: SystemDescriptionTable.oemID)
    table.append(2)  // Revision.
    table.append(littleEndian: rsdt)
    table.append(littleEndian: UInt32(size))
    table.append(littleEndian: xsdt)
    table.append(0)  // Checksum of all of it, below.
    table.append(zeroes: 3)
    table[8] = table.checksum(0..<20)
    table[32] = table.checksum(0..<size)
    return table
  }
}

/// The lists of all tables but the DSDT and the FACS, to which the FADT points. Sections 5.2.7 and
/// 5.2.8.
enum RootTables {
  /// The list for systems that know ACPI 1.0 alone.
  static func rsdt(_ addresses: [UInt32]) -> [UInt8] {
    SystemDescriptionTable.make("RSDT", revision: 1) { table in
      for address in addresses { table.append(littleEndian: address) }
    }
  }

  static func xsdt(_ addresses: [UInt32]) -> [UInt8] {
    SystemDescriptionTable.make("XSDT", revision: 1) { table in
      for address in addresses { table.append(littleEndian: UInt64(address)) }
    }
  }
}
