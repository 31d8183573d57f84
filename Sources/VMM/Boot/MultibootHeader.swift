/// The Multiboot 1 header of an image. Multiboot Specification 0.6.96, section 3.1.
struct MultibootHeader: Equatable, Sendable {
  static let magic: UInt32 = 0x1BAD_B002
  /// All of the first part of the header lies within this.
  static let searchLimit = 8192

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
}
