/// A program header of an ELF file.
public struct ELFSegment: Equatable, Sendable {
  /// The types that matter here, `p_type`.
  enum Kind: UInt32 {
    case load = 1
    case interpreter = 3
    case note = 4
  }

  let type: Kind?
  /// Where its bytes are in the file.
  public let fileOffset: UInt64
  public let virtualAddress: UInt64
  public let physicalAddress: UInt64
  /// Bytes in the file.
  public let fileSize: UInt64
  /// Bytes in memory; those beyond ``fileSize`` are zero.
  public let memorySize: UInt64
  public let isExecutable: Bool
  public let isWritable: Bool

  /// The program header at `offset` of `table`; nil unless all of it is there.
  init?(_ table: [UInt8], at offset: Int, is64: Bool) {
    let fields = ELFFields(table, at: offset, is64: is64)
    guard let type = fields.word(0), let flags = fields.word(24, 4),
      let fileOffset = fields.address(4, 8), let virtualAddress = fields.address(8, 16),
      let physicalAddress = fields.address(12, 24), let fileSize = fields.address(16, 32),
      let memorySize = fields.address(20, 40)
    else { return nil }
    self.type = Kind(rawValue: type)
    self.fileOffset = fileOffset
    self.virtualAddress = virtualAddress
    self.physicalAddress = physicalAddress
    self.fileSize = fileSize
    self.memorySize = memorySize
    isExecutable = flags & 1 != 0
    isWritable = flags & 2 != 0
  }

  /// The physical address after its last byte in memory.
  public var physicalEnd: UInt64 { physicalAddress &+ memorySize }

  func hasVirtual(_ address: UInt64) -> Bool {
    address >= virtualAddress && address - virtualAddress < memorySize
  }

  func hasPhysical(_ address: UInt64) -> Bool {
    address >= physicalAddress && address - physicalAddress < memorySize
  }

  /// Checks it against the file, and that it does not wrap around the end of the address space.
  func check(index: Int, of file: ImageFile) throws(VMMError) {
    func fail(_ reason: String) -> VMMError {
      VMMError(.image, "image \(file.name): segment \(index) \(reason)")
    }
    guard fileSize <= memorySize else {
      throw fail(
        "has \(fileSize) bytes in the file and only \(memorySize) in memory; link it again")
    }
    guard fileOffset <= UInt64(file.size), fileSize <= UInt64(file.size) - fileOffset else {
      throw fail(
        "lies beyond the file's end: \(fileSize) bytes from \(fileOffset.hexadecimal) of "
          + "\(file.size); is it complete?")
    }
    guard !physicalAddress.addingReportingOverflow(memorySize).overflow else {
      throw fail(
        "wraps around: \(memorySize) bytes from \(physicalAddress.hexadecimal); correct its linker "
          + "script")
    }
  }
}

/// Where an ELF file says that its section headers are; nothing of it is checked.
struct ELFSectionTable: Equatable, Sendable {
  let is64: Bool
  let offset: UInt64
  let entrySize: UInt16
  let count: UInt16
  /// The section that holds the sections' names.
  let nameIndex: UInt16
}
