import CZlib

/// A strict reader for the PNG files that `PNGEncoder` writes; the inflating is zlib's.
struct PNGImage {
  private(set) var width = 0
  private(set) var height = 0
  private(set) var rgb: [UInt8] = []
  private(set) var imageDataChunks = 0

  /// `nil` if the file is not exactly a signature, chunks with correct check sums, `IHDR` first and
  /// `IEND` last, and filtered rows of the right number.
  init?(file: [UInt8]) {
    guard file.starts(with: [137, 80, 78, 71, 13, 10, 26, 10]) else { return nil }
    var rest = file.dropFirst(8)
    var compressed: [UInt8] = []
    var types: [String] = []
    while !rest.isEmpty {
      guard let length = Self.number(rest.prefix(4)), rest.count >= length + 12 else { return nil }
      let covered = rest.dropFirst(4).prefix(length + 4)
      guard Self.number(rest.dropFirst(length + 8).prefix(4)) == Int(Self.checksum(covered))
      else { return nil }
      let content = covered.dropFirst(4)
      let type = String(decoding: covered.prefix(4), as: UTF8.self)
      types.append(type)
      switch type {
      case "IHDR":
        guard content.count == 13, content.suffix(5) == [8, 2, 0, 0, 0],
          let width = Self.number(content.prefix(4)),
          let height = Self.number(content.dropFirst(4).prefix(4))
        else { return nil }
        (self.width, self.height) = (width, height)
      case "IDAT":
        imageDataChunks += 1
        compressed += content
      case "IEND":
        guard content.isEmpty else { return nil }
      default: return nil
      }
      rest = rest.dropFirst(length + 12)
    }
    guard types.first == "IHDR", types.last == "IEND",
      types.dropFirst().dropLast().allSatisfy({ $0 == "IDAT" }),
      let rows = Self.inflated(compressed, size: height * (1 + 3 * width))
    else { return nil }
    guard unfilter(rows) else { return nil }
  }

  private mutating func unfilter(_ rows: [UInt8]) -> Bool {
    var above = [UInt8](repeating: 0, count: 3 * width)
    for line in 0..<height {
      let filtered = rows[(line * (1 + 3 * width))...].prefix(1 + 3 * width)
      var row: [UInt8] = []
      for (index, byte) in filtered.dropFirst().enumerated() {
        switch filtered.first {
        case 0: row.append(byte)
        case 1: row.append(byte &+ (index < 3 ? 0 : row[index - 3]))
        case 2: row.append(byte &+ above[index])
        default: return false
        }
      }
      rgb += row
      above = row
    }
    return true
  }

  /// The CRC-32 of the specification's annex, bit by bit.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { remainder, byte in
      (0..<8).reduce(remainder ^ UInt32(byte)) { value, _ in
        value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
      }
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    bytes.count == 4 ? bytes.reduce(0) { $0 << 8 | Int($1) } : nil
  }

  private static func inflated(_ compressed: [UInt8], size: Int) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: size)
    var resultCount = uLongf(size)
    let status = unsafe result.withUnsafeMutableBufferPointer { result in
      unsafe compressed.withUnsafeBufferPointer { compressed in
        unsafe uncompress(
          result.baseAddress, &resultCount, compressed.baseAddress, uLong(compressed.count))
      }
    }
    return status == Z_OK && Int(resultCount) == size ? result : nil
  }
}
