import CZlib

/// A chunk of a PNG file: length, type, content and check sum.
struct PNGChunk {
  /// All of the chunk, as it is in the file.
  let bytes: [UInt8]

  /// - Parameter type: Four ASCII letters.
  init(type: String, content: some Collection<UInt8>) {
    var bytes = Self.bigEndian(UInt32(truncatingIfNeeded: content.count))
    bytes += type.utf8
    bytes += content
    // The check sum covers the type and the content, but not the length.
    let checksum = unsafe bytes.withUnsafeBufferPointer { bytes in
      let covered = unsafe UnsafeBufferPointer(rebasing: bytes.dropFirst(4))
      return unsafe crc32(0, covered.baseAddress, uInt(covered.count))
    }
    self.bytes = bytes + Self.bigEndian(UInt32(truncatingIfNeeded: checksum))
  }

  /// The chunk `IHDR` of an image with bit depth 8, colour type 2 (RGB), and the only compression,
  /// filter and interlace methods that readers must know.
  static func header(width: Int, height: Int) -> PNGChunk {
    let size = [width, height].flatMap { bigEndian(UInt32(truncatingIfNeeded: $0)) }
    return PNGChunk(type: "IHDR", content: size + [8, 2, 0, 0, 0])
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
