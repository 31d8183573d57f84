/// The Multiboot 2 header of an image. Multiboot2 Specification 2.0, section 3.1.
struct Multiboot2Header: Equatable, Sendable {
  static let magic: UInt32 = 0xE852_50D6
  /// All of the header lies within this.
  static let searchLimit = 32768

  /// The architectures, by number.
  private enum Architecture {
    static let i386: UInt32 = 0
    static let mips: UInt32 = 4
  }

  /// The types of tags.
  private enum TagType {
    static let end: UInt16 = 0
    static let informationRequest: UInt16 = 1
    static let address: UInt16 = 2
    static let entryAddress: UInt16 = 3
    static let consoleFlags: UInt16 = 4
    static let framebuffer: UInt16 = 5
    static let moduleAlignment: UInt16 = 6
    static let efiBootServices: UInt16 = 7
    static let efiEntryAddress32: UInt16 = 8
    static let efiEntryAddress64: UInt16 = 9
    static let relocatable: UInt16 = 10
  }

  /// The highest type of information whose meaning is known: the image's base address.
  private static let lastInformationType: UInt32 = 21

  /// Where the image may be moved: the relocatable tag.
  struct Relocation: Equatable, Sendable {
    enum Preference: UInt32 {
      case none = 0
      case lowest = 1
      case highest = 2
    }

    let limits: ClosedRange<UInt64>
    /// A power of two.
    let alignment: UInt64
    let preference: Preference
  }

  /// Where the header is in the file.
  let offset: Int
  /// Where the image is loaded; nil for an ELF image, which says so itself.
  private(set) var addresses: MultibootAddresses?
  /// The first instruction; nil for what the ELF header says.
  private(set) var entry: UInt32?
  /// The video mode that the kernel would like; nil if it asks for none.
  private(set) var videoMode: MultibootVideoMode?
  /// Whether it can do without a console (section 3.1.9).
  private(set) var requiresConsole = false
  private(set) var relocation: Relocation?

  /// The offset of the header in `bytes`, the start of an image; nil if there is none.
  static func offset(in bytes: [UInt8]) -> Int? {
    for offset in stride(from: 0, through: min(bytes.count, searchLimit) - 16, by: 8)
    where bytes.littleEndian(UInt32.self, at: offset) == magic {
      guard let architecture = bytes.littleEndian(UInt32.self, at: offset + 4),
        let length = bytes.littleEndian(UInt32.self, at: offset + 8),
        let checksum = bytes.littleEndian(UInt32.self, at: offset + 12)
      else { return nil }
      if magic &+ architecture &+ length &+ checksum == 0 { return offset }
    }
    return nil
  }

  /// Reads the header of `file`.
  ///
  /// Tags that only mean something on EFI machines are passed over, which this is not. A tag that is
  /// not known is an error unless it is optional.
  init(_ file: ImageFile) throws(VMMError) {
    func fail(_ reason: String) -> VMMError { VMMError(.image, "image \(file.name): \(reason)") }
    let image = try file.read(Self.searchLimit, at: 0)
    guard let offset = Self.offset(in: image),
      let architecture = image.littleEndian(UInt32.self, at: offset + 4),
      let length = image.littleEndian(UInt32.self, at: offset + 8)
    else {
      throw fail("has no Multiboot 2 header in its first 32768 bytes; link it first")
    }
    self.offset = offset
    guard architecture == Architecture.i386 else {
      let name = architecture == Architecture.mips ? "MIPS" : "architecture \(architecture)"
      throw fail("its Multiboot 2 header is for \(name); build it for i386")
    }
    guard length >= 16, Int(length) <= image.count - offset else {
      throw fail(
        "its Multiboot 2 header has \(length) bytes at \(offset.hexadecimal), and does not end within "
          + "the file's first 32768; is it complete?")
    }
    let header = Array(image[offset..<offset + Int(length)])
    var address: (header: UInt32, load: UInt32, loadEnd: UInt32, bssEnd: UInt32)?
    var position = 16
    // The header may end without an end tag; the length says where.
    while let tag = Tag(header, at: position), tag.type != TagType.end {
      guard tag.size >= 8, tag.size <= header.count - position else {
        throw fail(
          "tag \(tag.type) of its Multiboot 2 header has \(tag.size) bytes and ends beyond it; correct "
            + "the header")
      }
      switch tag.type {
      case TagType.informationRequest: try Self.check(tag, of: file)
      case TagType.address:
        address = (
          try tag.word(0, file), try tag.word(1, file), try tag.word(2, file), try tag.word(3, file)
        )
      case TagType.entryAddress: entry = try tag.word(0, file)
      case TagType.consoleFlags: requiresConsole = try tag.word(0, file) & 1 != 0
      case TagType.framebuffer:
        videoMode = MultibootVideoMode(
          width: try tag.word(0, file), height: try tag.word(1, file), depth: try tag.word(2, file))
      case TagType.relocatable: relocation = try Relocation(tag, file)
      case TagType.moduleAlignment, TagType.efiBootServices, TagType.efiEntryAddress32,
        TagType.efiEntryAddress64:
        break
      default:
        guard tag.isOptional else {
          throw fail(
            "its Multiboot 2 header has the tag \(tag.type), which no loader knows, and does not say "
              + "that it is optional; correct the header")
        }
      }
      position += (tag.size + 7) & ~7
    }
    if let address {
      guard let entry else {
        throw fail("its Multiboot 2 header has an address tag and no entry tag; add one")
      }
      addresses = MultibootAddresses(
        header: address.header, load: address.load, loadEnd: address.loadEnd,
        bssEnd: address.bssEnd, entry: entry)
    }
  }

  /// Checks that the information that is asked for has a meaning; there need not be any.
  private static func check(_ tag: Tag, of file: ImageFile) throws(VMMError) {
    guard !tag.isOptional else { return }
    for index in 0..<(tag.size - 8) / 4 {
      let type = try tag.word(index, file)
      guard type <= lastInformationType else {
        throw VMMError(
          .image,
          "image \(file.name): its Multiboot 2 header requires information of type \(type), which no "
            + "loader knows; make the request optional")
      }
    }
  }

  /// One tag, whose content is read only as far as the header goes.
  fileprivate struct Tag {
    let type: UInt16
    let isOptional: Bool
    let size: Int
    private let header: [UInt8]
    private let offset: Int

    /// The tag at `offset`; nil if the header ends before.
    init?(_ header: [UInt8], at offset: Int) {
      guard let type = header.littleEndian(UInt16.self, at: offset),
        let flags = header.littleEndian(UInt16.self, at: offset + 2),
        let size = header.littleEndian(UInt32.self, at: offset + 4)
      else { return nil }
      self.type = type
      isOptional = flags & 1 != 0
      self.size = Int(size)
      self.header = header
      self.offset = offset
    }

    /// A word of its content.
    func word(_ index: Int, _ file: ImageFile) throws(VMMError) -> UInt32 {
      guard 8 + 4 * index + 4 <= size,
        let value = header.littleEndian(UInt32.self, at: offset + 8 + 4 * index)
      else {
        throw VMMError(
          .image,
          "image \(file.name): tag \(type) of its Multiboot 2 header is too short with \(size) bytes; "
            + "correct the header")
      }
      return value
    }
  }
}

extension Multiboot2Header.Relocation {
  fileprivate init(_ tag: Multiboot2Header.Tag, _ file: ImageFile) throws(VMMError) {
    let (lowest, highest) = (try tag.word(0, file), try tag.word(1, file))
    let alignment = max(1, try tag.word(2, file))
    guard lowest <= highest, alignment.nonzeroBitCount == 1,
      let preference = Preference(rawValue: try tag.word(3, file))
    else {
      throw VMMError(
        .image,
        "image \(file.name): the relocatable tag of its Multiboot 2 header makes no sense (from "
          + "\(lowest.hexadecimal) to \(highest.hexadecimal), alignment \(alignment)); correct the "
          + "header")
    }
    limits = UInt64(lowest)...UInt64(highest)
    self.alignment = UInt64(alignment)
    self.preference = preference
  }
}
