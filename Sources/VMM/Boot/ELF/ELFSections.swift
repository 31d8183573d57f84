/// The section headers of an ELF file, for a kernel that looks up its own symbols.
///
/// System V ABI, "Sections" (gABI 4.1, chapter 4).
struct ELFSections: Equatable, Sendable {
  /// A section whose content no segment loads: a symbol or string table.
  struct Table: Equatable, Sendable {
    let index: Int
    let fileOffset: UInt64
    let size: UInt64
    /// A power of two.
    let alignment: UInt64
  }

  /// The types that are loaded for the kernel, `sh_type`.
  private enum Kind {
    static let symbolTable: UInt32 = 2
    static let stringTable: UInt32 = 3
  }

  let is64: Bool
  let entrySize: Int
  let count: Int
  /// The section that holds the names of all.
  let nameIndex: Int
  /// The headers as they are in the file.
  private(set) var headers: [UInt8]
  /// What is to be loaded, so that the headers' addresses mean something.
  let tables: [Table]

  /// Reads the section headers; nil if the file has none.
  init?(_ elf: ELFFile) throws(VMMError) {
    let table = elf.sectionTable
    let entrySize = table.is64 ? 64 : 40
    guard table.count > 0, table.offset > 0, Int(table.entrySize) == entrySize else { return nil }
    let headers = try elf.file.read(Int(table.count) * entrySize, at: table.offset)
    guard headers.count == Int(table.count) * entrySize else {
      throw VMMError(
        .image,
        "image \(elf.file.name): its section headers, at \(table.offset.hexadecimal), lie beyond the "
          + "file's end; is it complete?")
    }
    is64 = table.is64
    self.entrySize = entrySize
    count = Int(table.count)
    nameIndex = Int(table.nameIndex)
    self.headers = headers
    let fileSize = UInt64(elf.file.size)
    tables = (0..<Int(table.count)).compactMap { index in
      let fields = ELFFields(headers, at: index * entrySize, is64: table.is64)
      guard let type = fields.word(4), type == Kind.symbolTable || type == Kind.stringTable,
        let loaded = fields.address(12, 16), loaded == 0,
        let offset = fields.address(16, 24), let size = fields.address(20, 32), size > 0,
        offset <= fileSize, size <= fileSize - offset,
        let alignment = fields.address(32, 48)
      else { return nil }
      return Table(
        index: index, fileOffset: offset, size: size,
        alignment: alignment.nonzeroBitCount == 1 ? min(alignment, 4096) : 1)
    }
  }

  /// Says that the content of the section `index` lies at `address`.
  mutating func setAddress(_ address: GuestAddress, of index: Int) {
    if is64 {
      headers.store(littleEndian: address.rawValue, at: index * entrySize + 16)
    } else {
      headers.store(
        littleEndian: UInt32(truncatingIfNeeded: address.rawValue), at: index * entrySize + 12)
    }
  }
}
