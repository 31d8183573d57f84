import Testing

@testable import VMM

/// Guest memory as a kernel that looks for tables sees it: written after the specifications, without
/// the code that builds the tables.
struct PhysicalMemory {
  /// From address 0.
  let bytes: [UInt8]

  /// Memory that holds `tables` and nothing else.
  init(_ tables: FirmwareTables) throws {
    let memory = try GuestMemory(size: 2 << 20)
    tables.write(to: memory)
    bytes = try #require(memory.read(1 << 20, at: 0))
  }

  func table(at address: UInt64) throws -> Table {
    let address = try #require(Int(exactly: address))
    try #require(address % 16 == 0 && address + 36 <= bytes.count)
    let length = Int(bytes.word(at: address + 4, as: UInt32.self))
    try #require(length >= 36 && address + length <= bytes.count)
    let table = Table(bytes: Array(bytes[address..<address + length]))
    try #require(table.bytes.sum == 0, "checksum of \(table.signature)")
    return table
  }

  /// The addresses at which `signature` begins on a 16-byte boundary in a PC's BIOS.
  func find(_ signature: String) -> [Int] {
    stride(from: 0xE_0000, to: 0x10_0000, by: 16).filter {
      bytes[$0...].starts(with: signature.utf8)
    }
  }

  /// The RSDP, found as a kernel finds it.
  func rsdp() throws -> Table {
    let found = find("RSD PTR ")
    try #require(found.count == 1)
    let bytes = Array(bytes[found[0]..<found[0] + 36])
    try #require(bytes.prefix(20).sum == 0)
    try #require(bytes.sum == 0)
    return Table(bytes: bytes)
  }

  /// The tables that the XSDT lists.
  func rootTables() throws -> [Table] {
    let xsdt = try table(at: try rsdp().bytes.word(at: 24))
    return try xsdt.entries(of: UInt64.self).map(table(at:))
  }

  func rootTable(_ signature: String) throws -> Table {
    let found = try rootTables().filter { $0.signature == signature }
    try #require(found.count == 1)
    return found[0]
  }

  func dsdt() throws -> Table {
    try table(at: try rootTable("FACP").bytes.word(at: 140))
  }

  struct Table {
    let bytes: [UInt8]

    var signature: String { String(decoding: bytes.prefix(4), as: UTF8.self) }
    var body: [UInt8] { Array(bytes.dropFirst(36)) }

    /// What follows the header, as a list of words.
    func entries<Word: FixedWidthInteger>(of _: Word.Type) -> [Word] {
      stride(from: 36, to: bytes.count, by: Word.bitWidth / 8).map { bytes.word(at: $0) }
    }
  }
}

extension Sequence<UInt8> {
  /// The sum of all bytes, of which 8 bits are kept.
  var sum: UInt8 { reduce(0) { $0 &+ $1 } }
}

extension FirmwareTables {
  /// The tables of a machine with what the kernel's interrupt controller consists of.
  static func whole(cpuCount: UInt8 = 1) -> FirmwareTables {
    FirmwareTables(
      cpuCount: cpuCount, hasLocalAPIC: true, ioAPICVersion: 0x11,
      processor: MPTable.Processor(signature: 0x000A_0671, features: 0x1F8B_FBFF))
  }
}
