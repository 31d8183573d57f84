extension [UInt8] {
  /// The little-endian value at `offset`; nil unless all of its bytes are there.
  func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, offset <= count - size else { return nil }
    var value: Value = 0
    for index in (offset..<offset + size).reversed() {
      value = value << 8 | Value(truncatingIfNeeded: self[index])
    }
    return value
  }
}
