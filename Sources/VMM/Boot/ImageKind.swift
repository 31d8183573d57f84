/// What an image is by its content; a `.COM` program, which is nothing but code, by its name.
///
/// The first match wins, in this order:
/// 1. Linux boot protocol. A bzImage is a boot sector too, an EFI application, and often more.
/// 2. ELF: Multiboot 2, which a kernel that has both headers prefers; Multiboot 1, which QEMU prefers to
///    PVH, too; a PVH note; else a plain executable.
/// 3. A boot sector: a disk with GRUB on it has GRUB's own Multiboot header in its first 8 KiB.
/// 4. A flat image with a Multiboot 2 or Multiboot 1 header.
/// 5. What cannot be run: PE, compressed files.
/// 6. A `.COM` program: a file of that name.
/// 7. A flat image.
public enum ImageKind: Equatable, Sendable {
  /// Nothing recognised: raw code and data.
  case flat
  /// 55 AA at the end of its first 512 bytes, which may be all of it, or the start of a disk.
  case bootSector
  /// A file whose name ends in .com: a DOS program, if there is nothing in it that says otherwise.
  case program
  /// An ELF file without any boot header; `bits` is 32 or 64.
  case elf(bits: Int)
  /// A Multiboot 1 header at this offset.
  case multiboot1(header: Int)
  /// A Multiboot 2 header at this offset.
  case multiboot2(header: Int)
  /// An ELF file with the note that gives a PVH entry (XEN_ELFNOTE_PHYS32_ENTRY).
  case pvh
  /// A Linux kernel image with the boot protocol's header ("HdrS" at 0x202).
  case linux
  /// A PE or DOS executable.
  case portableExecutable
  /// A file compressed by gzip, xz or zstd.
  case compressed(String)

  /// The bytes that ``init(header:size:name:hasPVHNote:)`` wants to see: all where a Multiboot 2 header may be.
  public static let headerSize = Multiboot2Header.searchLimit

  /// - Parameters:
  ///   - header: The first ``headerSize`` bytes, or all of a shorter image.
  ///   - size: The size of the whole image in bytes.
  ///   - name: That of the file; what precedes its extension does not matter.
  ///   - hasPVHNote: Whether an ELF file has XEN_ELFNOTE_PHYS32_ENTRY; asked only where that decides.
  public init(
    header: [UInt8], size: Int, name: String = "", hasPVHNote: () -> Bool = { false }
  ) {
    func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      header.dropFirst(offset).starts(with: bytes)
    }
    if has(Array("HdrS".utf8), at: 0x202) {
      self = .linux
    } else if has(ELFFile.magic) {
      self =
        Self(multibootHeaderIn: header)
        ?? (hasPVHNote() ? .pvh : .elf(bits: has([2], at: 4) ? 64 : 32))
    } else if size >= 512, has([0x55, 0xAA], at: 510) {
      self = .bootSector
    } else if let kernel = Self(multibootHeaderIn: header) {
      self = kernel
    } else if has(Array("MZ".utf8)) {
      self = .portableExecutable
    } else if has([0x1F, 0x8B]) {
      self = .compressed("gzip")
    } else if has([0xFD, 0x37, 0x7A, 0x58, 0x5A]) {
      self = .compressed("xz")
    } else if has([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .compressed("zstd")
    } else if name.lowercased().hasSuffix(".com") {
      self = .program
    } else {
      self = .flat
    }
  }

  private init?(multibootHeaderIn header: [UInt8]) {
    if let offset = Multiboot2Header.offset(in: header) {
      self = .multiboot2(header: offset)
    } else if let offset = MultibootHeader.offset(in: header) {
      self = .multiboot1(header: offset)
    } else {
      return nil
    }
  }

  /// How it is loaded; nil if it cannot be.
  public var format: ImageFormat? {
    switch self {
    case .flat: .flat
    case .bootSector: .boot
    case .program: .com
    case .elf: .elf
    case .multiboot1: .multiboot
    case .multiboot2: .multiboot2
    case .pvh: .pvh
    case .linux: .linux
    case .portableExecutable, .compressed: nil
    }
  }

  /// What it is, in words.
  public var summary: String {
    switch self {
    case .elf(let bits): "ELF file (\(bits)-bit)"
    case .portableExecutable: "PE or DOS executable"
    case .compressed(let format): "\(format) file"
    default: format?.summary ?? "file"
    }
  }

  /// By what it was recognised.
  public var evidence: String {
    switch self {
    case .flat: "no known header"
    case .bootSector: "55 AA at 0x1fe"
    case .program: "a name that ends in .com, and no known header"
    case .elf: "ELF header, and no other"
    case .multiboot1(let offset): "magic and checksum of Multiboot 1 at \(offset.hexadecimal)"
    case .multiboot2(let offset): "magic and checksum of Multiboot 2 at \(offset.hexadecimal)"
    case .pvh: "ELF note Xen 18, the PVH entry"
    case .linux: "HdrS at 0x202"
    case .portableExecutable: "MZ at 0x0"
    case .compressed(let format): "magic of \(format) at 0x0"
    }
  }

  /// What its owner can do about it; nil when it can be run as it is.
  public var remedy: String? {
    switch self {
    case .portableExecutable: "link it as a flat binary or an ELF file instead"
    case .compressed(let format): "decompress it first (\(format) -d)"
    default: nil
    }
  }
}
