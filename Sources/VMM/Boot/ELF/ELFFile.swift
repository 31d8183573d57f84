/// An ELF executable for x86: the header and the program headers, checked against the file.
///
/// Nothing in the file is trusted: whatever its headers say, making one of these reads no more than the
/// headers, and loading it reads and writes no more than its segments, which are all inside the file.
/// System V ABI, "ELF Header" and "Program Header" (gABI 4.1, chapters 4 and 5).
public struct ELFFile: Sendable {
  static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  /// The instruction set, `e_machine`.
  enum Architecture: UInt16 {
    case i386 = 3
    case amd64 = 62
  }

  /// The type of the file, `e_type`.
  private enum FileType {
    static let relocatable: UInt16 = 1
    static let executable: UInt16 = 2
    static let shared: UInt16 = 3
    static let core: UInt16 = 4
  }

  public let file: ImageFile
  /// The class: 32 or 64.
  public let bits: Int
  let architecture: Architecture
  /// The virtual address of the first instruction, `e_entry`.
  public let entry: UInt64
  /// What is loaded: the segments of type PT_LOAD that take memory, by rising physical address.
  public let segments: [ELFSegment]
  /// Where the section headers are, for who wants the symbols.
  let sectionTable: ELFSectionTable
  /// Where the notes are: the segments of type PT_NOTE, which need not be loaded.
  private let notes: [ELFSegment]

  /// Reads the headers of `file`.
  ///
  /// - Throws: A ``VMMError`` of the kind `image` that names what is wrong with it.
  public init(_ file: ImageFile) throws(VMMError) {
    func fail(_ reason: String) -> VMMError { VMMError(.image, "image \(file.name): \(reason)") }

    let header = try file.read(64, at: 0)
    guard header.starts(with: Self.magic), header.count >= 20 else {
      throw fail("has no whole ELF header; is it an ELF file, and complete?")
    }
    let is64: Bool
    switch header[4] {
    case 1: is64 = false
    case 2: is64 = true
    default: throw fail("ELF class \(header[4]) is unknown; build it for 32 or 64 bits")
    }
    guard header[5] == 1 else {
      throw fail("is a big-endian ELF file; build it for x86")
    }
    let fields = ELFFields(header, is64: is64)
    guard let type = fields.half(16), let machine = fields.half(18) else {
      throw fail("has no whole ELF header; is it complete?")
    }
    guard let architecture = Architecture(rawValue: machine), is64 == (architecture == .amd64)
    else {
      throw fail("is an ELF file for \(Self.name(ofMachine: machine)); build it for x86")
    }
    guard let entry = fields.address(24, 24), let programHeaders = fields.address(28, 32),
      let sectionHeaders = fields.address(32, 40), let entrySize = fields.half(42, 54),
      let entryCount = fields.half(44, 56), let sectionSize = fields.half(46, 58),
      let sectionCount = fields.half(48, 60), let sectionNames = fields.half(50, 62)
    else { throw fail("has no whole ELF header; is it complete?") }
    switch type {
    case FileType.executable, FileType.shared: break
    case FileType.relocatable: throw fail("is an object file; link it first")
    case FileType.core: throw fail("is a core dump; name the program")
    default: throw fail("ELF type \(type) is no executable; link one")
    }

    let minimumSize = is64 ? 56 : 32
    guard entryCount > 0 else { throw fail("has no program headers; link it as an executable") }
    guard Int(entrySize) >= minimumSize else {
      throw fail("its program headers have \(entrySize) bytes each; \(minimumSize) are the least")
    }
    // 0xFFFF, PN_XNUM, says that there are more, which no kernel has.
    guard entryCount != 0xFFFF else {
      throw fail("has more than 65534 program headers; link fewer")
    }
    let table = try file.read(Int(entryCount) * Int(entrySize), at: programHeaders)
    guard table.count == Int(entryCount) * Int(entrySize) else {
      throw fail(
        "its program headers, at \(programHeaders.hexadecimal), lie beyond the file's end; is it "
          + "complete?")
    }
    var segments: [ELFSegment] = []
    var notes: [ELFSegment] = []
    var hasInterpreter = false
    for index in 0..<Int(entryCount) {
      guard let segment = ELFSegment(table, at: index * Int(entrySize), is64: is64) else {
        continue
      }
      switch segment.type {
      case .load:
        try segment.check(index: index, of: file)
        if segment.memorySize > 0 { segments.append(segment) }
      case .note: notes.append(segment)
      case .interpreter: hasInterpreter = true
      default: break
      }
    }
    guard type == FileType.executable || !hasInterpreter else {
      throw fail(
        "is a program for an operating system, not a kernel; link it statically, for a fixed address"
      )
    }
    guard !segments.isEmpty else {
      throw fail("has nothing to load; link it with a segment of type PT_LOAD")
    }
    segments.sort { $0.physicalAddress < $1.physicalAddress }
    for index in 1..<max(1, segments.count)
    where segments[index].physicalAddress < segments[index - 1].physicalEnd {
      throw fail(
        "its segments at \(segments[index - 1].physicalAddress.hexadecimal) and "
          + "\(segments[index].physicalAddress.hexadecimal) overlap in physical memory; correct its "
          + "linker script")
    }
    self.file = file
    bits = is64 ? 64 : 32
    self.architecture = architecture
    self.entry = entry
    self.segments = segments
    self.notes = notes
    sectionTable = ELFSectionTable(
      is64: is64, offset: sectionHeaders, entrySize: sectionSize, count: sectionCount,
      nameIndex: sectionNames)
  }

  /// The physical address of the first instruction.
  ///
  /// The entry is a virtual address, but some kernels, Linux among them, give a physical one: it
  /// counts as virtual where a segment has it.
  ///
  /// - Throws: A ``VMMError`` of the kind `image` if no segment has it.
  public func physicalEntry() throws(VMMError) -> GuestAddress {
    for segment in segments where segment.hasVirtual(entry) {
      return GuestAddress(segment.physicalAddress &+ (entry &- segment.virtualAddress))
    }
    for segment in segments where segment.hasPhysical(entry) { return GuestAddress(entry) }
    throw VMMError(
      .image,
      "image \(file.name): its entry \(entry.hexadecimal) lies outside its segments; name the start "
        + "symbol to the linker (ENTRY, -e)")
  }

  /// The descriptor of the note `type` of `owner`; nil if there is none. Notes beyond 64 KiB are not
  /// looked at.
  public func note(owner: String, type: UInt32) throws(VMMError) -> [UInt8]? {
    for segment in notes.prefix(16) {
      let size = Int(min(segment.fileSize, 64 << 10))
      let bytes = try file.read(size, at: segment.fileOffset)
      if let descriptor = ELFNotes(bytes).descriptor(owner: owner, type: type) { return descriptor }
    }
    return nil
  }

  /// The physical address of the 32-bit PVH entry (Xen's `XEN_ELFNOTE_PHYS32_ENTRY`, xen/elfnote.h);
  /// nil if there is none.
  func pvhEntry() throws(VMMError) -> GuestAddress? {
    guard let descriptor = try note(owner: "Xen", type: 18) else { return nil }
    // The note has the size of an address of its class, but the entry is one of 32 bits.
    return descriptor.littleEndian(UInt32.self, at: 0).map { GuestAddress(UInt64($0)) }
  }

  /// Common machines by name, others by number.
  private static func name(ofMachine machine: UInt16) -> String {
    switch machine {
    case Architecture.i386.rawValue: "32-bit x86 in the 64-bit class"
    case Architecture.amd64.rawValue: "x86-64 in the 32-bit class (x32)"
    case 8: "MIPS"
    case 20, 21: "PowerPC"
    case 22: "S/390"
    case 40: "ARM"
    case 183: "AArch64"
    case 243: "RISC-V"
    case 258: "LoongArch"
    default: "machine \(machine)"
    }
  }
}
