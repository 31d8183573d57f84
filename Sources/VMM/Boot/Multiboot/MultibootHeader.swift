/// The Multiboot 1 header of an image. Multiboot Specification 0.6.96, section 3.1.
struct MultibootHeader: Equatable, Sendable {
  static let magic: UInt32 = 0x1BAD_B002
  /// All of the first part of the header lies within this.
  static let searchLimit = 8192

  /// The field `flags`.
  private enum Flag {
    static let videoMode: UInt32 = 1 << 2
    static let addresses: UInt32 = 1 << 16
    /// Those of the bits 0 to 15, all of which a loader must understand, that have a meaning: modules on
    /// page boundaries, memory information, video mode.
    static let known: UInt32 = 0b111
  }

  /// Where the header is in the file.
  let offset: Int
  /// Where the image is loaded (the "a.out kludge"); nil for an ELF image, which says so itself.
  let addresses: MultibootAddresses?
  /// The video mode that the kernel would like; nil if it asks for none, or for text.
  let videoMode: MultibootVideoMode?

  /// The offset of the header in `bytes`, the start of an image; nil if there is none.
  static func offset(in bytes: [UInt8]) -> Int? {
    for offset in stride(from: 0, through: min(bytes.count, searchLimit) - 12, by: 4)
    where bytes.littleEndian(UInt32.self, at: offset) == magic {
      guard let flags = bytes.littleEndian(UInt32.self, at: offset + 4),
        let checksum = bytes.littleEndian(UInt32.self, at: offset + 8)
      else { return nil }
      if magic &+ flags &+ checksum == 0 { return offset }
    }
    return nil
  }

  /// Reads the header of `file`.
  init(_ file: ImageFile) throws(VMMError) {
    func fail(_ reason: String) -> VMMError { VMMError(.image, "image \(file.name): \(reason)") }
    let bytes = try file.read(Self.searchLimit + 48, at: 0)
    guard let offset = Self.offset(in: bytes),
      let flags = bytes.littleEndian(UInt32.self, at: offset + 4)
    else {
      throw fail("has no Multiboot 1 header in its first 8192 bytes; link it first")
    }
    func field(_ index: Int) throws(VMMError) -> UInt32 {
      guard let value = bytes.littleEndian(UInt32.self, at: offset + 4 * index) else {
        throw fail("its Multiboot header at \(offset.hexadecimal) is cut off; is it complete?")
      }
      return value
    }
    let unknown = flags & 0xFFFF & ~Flag.known
    guard unknown == 0 else {
      throw fail(
        "its Multiboot header requires what no loader knows: flags \(unknown.hexadecimal); clear them"
      )
    }
    self.offset = offset
    if flags & Flag.addresses != 0 {
      addresses = MultibootAddresses(
        header: try field(3), load: try field(4), loadEnd: try field(5), bssEnd: try field(6),
        entry: try field(7))
    } else {
      addresses = nil
    }
    // Mode type 0 is a linear framebuffer, 1 text.
    if flags & Flag.videoMode != 0, try field(8) == 0 {
      videoMode = MultibootVideoMode(
        width: try field(9), height: try field(10), depth: try field(11))
    } else {
      videoMode = nil
    }
  }
}

/// Where an image without ELF headers is loaded: the address fields of a Multiboot 1 header, or the
/// address and entry tags of a Multiboot 2 header.
struct MultibootAddresses: Equatable, Sendable {
  /// Where the header itself ends up.
  let header: UInt32
  /// Where the first byte ends up; all ones for that of the file.
  let load: UInt32
  /// The end of what is loaded; 0 for all of the file.
  let loadEnd: UInt32
  /// The end of what is zeroed after that; 0 for nothing.
  let bssEnd: UInt32
  let entry: UInt32

  /// What that means for `file`, whose header lies at `offset`.
  func placement(of file: ImageFile, headerOffset offset: Int) throws(VMMError) -> ImagePlacement {
    func fail(_ reason: String) -> VMMError {
      VMMError(.image, "image \(file.name): its Multiboot header \(reason); correct it")
    }
    let distance: UInt64
    if load == .max {
      distance = UInt64(offset)
      guard UInt64(header) >= distance else {
        throw fail("at \(offset.hexadecimal) cannot be at \(header.hexadecimal)")
      }
    } else {
      guard load <= header else {
        throw fail("has the load address \(load.hexadecimal) after its own, \(header.hexadecimal)")
      }
      distance = UInt64(header - load)
      guard distance <= UInt64(offset) else {
        throw fail(
          "at \(offset.hexadecimal) would be loaded from \(distance - UInt64(offset)) bytes before the "
            + "file's start")
      }
    }
    let start = UInt64(header) - distance
    let fileOffset = UInt64(offset) - distance
    let available = UInt64(file.size) - fileOffset
    guard loadEnd == 0 || UInt64(loadEnd) > start else {
      throw fail("ends loading at \(loadEnd.hexadecimal), before it begins at \(start.hexadecimal)")
    }
    let fileSize = loadEnd == 0 ? available : UInt64(loadEnd) - start
    guard fileSize <= available else {
      throw fail("wants \(fileSize) bytes of the file, which has only \(available) of them")
    }
    guard bssEnd == 0 || UInt64(bssEnd) >= start + fileSize else {
      throw fail(
        "ends the bss at \(bssEnd.hexadecimal), before what is loaded ends at "
          + "\((start + fileSize).hexadecimal)")
    }
    let segment = ImagePlacement.Segment(
      fileOffset: fileOffset, fileSize: fileSize, address: GuestAddress(start),
      memorySize: bssEnd == 0 ? fileSize : UInt64(bssEnd) - start)
    guard (segment.address...segment.lastAddress).contains(GuestAddress(UInt64(entry))) else {
      throw fail(
        "has the entry \(entry.hexadecimal) outside of what is loaded, \(segment.address) to "
          + "\(segment.lastAddress)")
    }
    return ImagePlacement(segment)
  }
}

/// A wish for a linear framebuffer. 0 stands for no preference.
struct MultibootVideoMode: Equatable, Sendable {
  let width: UInt32
  let height: UInt32
  let depth: UInt32

  /// The nearest mode that the machine's display has, with `fallback` for what is not asked for.
  func nearest(insteadOf fallback: FramebufferMode) -> FramebufferMode {
    func choose(_ wanted: UInt32, _ fallback: Int, atMost limit: Int) -> Int {
      wanted == 0 ? fallback : min(Int(wanted), limit)
    }
    let depths = [8, 15, 16, 24, 32]
    let wanted = depth == 0 ? 32 : Int(depth)
    return FramebufferMode(
      width: choose(width, fallback.width, atMost: FramebufferMode.maximumWidth),
      height: choose(height, fallback.height, atMost: FramebufferMode.maximumHeight),
      bitsPerPixel: depths.first { $0 >= wanted } ?? 32) ?? fallback
  }
}
