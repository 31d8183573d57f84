/// The Multiboot 2 header of an image. Multiboot2 Specification 2.0, section 3.1.
struct Multiboot2Header: Equatable, Sendable {
  static let magic: UInt32 = 0xE852_50D6
  /// All of the header lies within this.
  static let searchLimit = 32768

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
}
