/// A table with the header of 36 bytes that all ACPI tables but the FACS begin with.
///
/// ACPI specification 6.4, section 5.2.6.
enum SystemDescriptionTable {
  /// OEMID.
  static let oemID: StaticString = "SCNLNE"
  /// The OEM table id, and in the FADT the hypervisor's vendor: 8 bytes.
  static let oemTableID: StaticString = "SCANLINE"

  /// - Parameters:
  ///   - signature: Four letters.
  ///   - revision: Of this table's format.
  ///   - body: Appends what follows the header.
  static func make(
    _ signature: StaticString, revision: UInt8, body: (inout [UInt8]) -> Void
  ) -> [UInt8] {
    var table: [UInt8] = []
    table.append(ascii: signature)
    table.append(littleEndian: UInt32(0))  // Length, below.
    table.append(revision)
    table.append(0)  // Checksum, below.
    table.append(ascii: oemID)
    table.append(ascii: oemTableID)
    table.append(littleEndian: UInt32(1))  // OEM revision.
    table.append(ascii: "SCNL")  // Creator.
    table.append(littleEndian: UInt32(1))  // Creator revision.
    body(&table)
    table.store(littleEndian: UInt32(table.count), at: 4)
    table[9] = table.checksum(0..<table.count)
    return table
  }
}
