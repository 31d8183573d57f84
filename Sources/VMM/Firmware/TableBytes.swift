/// What tables for firmware's readers are put together with: little endian, without alignment.
extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    for index in 0..<value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> (8 * index)))
    }
  }

  /// Overwrites bytes that exist already.
  mutating func store(littleEndian value: some FixedWidthInteger, at offset: Int) {
    for index in 0..<value.bitWidth / 8 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  /// Appends `text`, filled up with spaces to `count` bytes.
  mutating func append(ascii text: StaticString, paddedTo count: Int) {
    let end = self.count + count
    append(ascii: text)
    while self.count < end { append(0x20) }
  }

  mutating func append(ascii text: StaticString) {
    text.withUTF8Buffer { unsafe append(contentsOf: $0) }
  }

  mutating func append(zeroes count: Int) {
    append(contentsOf: repeatElement(0, count: count))
  }

  /// The byte by which the sum of `range`, where its own place still holds 0, becomes 0.
  func checksum(_ range: Range<Int>) -> UInt8 {
    var sum: UInt8 = 0
    for index in range { sum &-= self[index] }
    return sum
  }
}
