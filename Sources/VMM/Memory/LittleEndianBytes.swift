extension BidirectionalCollection<UInt8> {
  /// The first eight bytes, or all of fewer, as a little-endian number.
  var littleEndian: UInt64 { prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}

extension [UInt8] {
  /// The little-endian value of at most 64 bits at `offset`; nil unless all of its bytes are there.
  func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, offset <= count - size else { return nil }
    return Value(truncatingIfNeeded: self[offset..<offset + size].littleEndian)
  }
}

extension UInt64 {
  /// The low `count` bytes of the number, at most eight, the lowest first.
  func littleEndianBytes(_ count: Int) -> [UInt8] {
    (0..<Swift.min(count, 8)).map { UInt8(truncatingIfNeeded: self >> UInt64(8 * $0)) }
  }
}
