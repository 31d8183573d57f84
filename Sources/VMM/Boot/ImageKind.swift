/// What the first bytes of an image say it is.
public enum ImageKind: Equatable, Sendable {
  /// Nothing recognised: raw code and data.
  case flat
  /// 512 bytes that end in 55 AA.
  case bootSector
  /// An ELF file; `bits` is 32 or 64.
  case elf(bits: Int)
  /// A Linux kernel image with the boot protocol's header ("HdrS" at 0x202).
  case linux
  /// A PE or DOS executable.
  case portableExecutable
  /// A file compressed by gzip, xz or zstd.
  case compressed(String)

  /// The bytes that ``init(header:size:)`` wants to see.
  public static let headerSize = 1024

  /// - Parameters:
  ///   - header: The first ``headerSize`` bytes, or all of a shorter image.
  ///   - size: The size of the whole image in bytes.
  public init(header: [UInt8], size: Int) {
    func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      header.dropFirst(offset).starts(with: bytes)
    }
    if has([0x7F, 0x45, 0x4C, 0x46]) {
      self = .elf(bits: header.count > 4 && header[4] == 2 ? 64 : 32)
    } else if has(Array("HdrS".utf8), at: 0x202) {
      self = .linux
    } else if size == 512, has([0x55, 0xAA], at: 510) {
      self = .bootSector
    } else if has(Array("MZ".utf8)) {
      self = .portableExecutable
    } else if has([0x1F, 0x8B]) {
      self = .compressed("gzip")
    } else if has([0xFD, 0x37, 0x7A, 0x58, 0x5A]) {
      self = .compressed("xz")
    } else if has([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .compressed("zstd")
    } else {
      self = .flat
    }
  }

  /// What it is, in words.
  public var summary: String {
    switch self {
    case .flat: "flat image"
    case .bootSector: "boot sector"
    case .elf(let bits): "ELF file (\(bits)-bit)"
    case .linux: "Linux kernel (bzImage)"
    case .portableExecutable: "PE or DOS executable"
    case .compressed(let format): "\(format) file"
    }
  }

  /// How its owner makes a flat image of it; nil when it can be run as it is.
  public var remedy: String? {
    switch self {
    case .flat, .bootSector: nil
    case .elf: "make a flat image of it with `objcopy -O binary`"
    case .linux: "scanline starts flat images and boot sectors only"
    case .portableExecutable: "link it as a flat binary instead"
    case .compressed(let format): "decompress it first (\(format) -d)"
    }
  }
}
