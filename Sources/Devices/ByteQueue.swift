/// A queue of at most 32 bytes, for what a PS/2 device has to send.
///
/// Two shift registers, the oldest byte in the low byte of the first. Unused bytes are zero, so
/// equal queues are equal values.
struct ByteQueue: Equatable, Sendable {
  static let capacity = 32

  private var low: UInt128 = 0
  private var high: UInt128 = 0
  private(set) var count = 0

  init() {}

  init(_ bytes: UInt8...) {
    for byte in bytes { append(byte) }
  }

  var isEmpty: Bool { count == 0 }

  /// Adds a byte at the end; a full queue drops it.
  mutating func append(_ byte: UInt8) {
    guard count < Self.capacity else { return }
    if count < 16 {
      low |= UInt128(byte) << UInt128(8 * count)
    } else {
      high |= UInt128(byte) << UInt128(8 * (count - 16))
    }
    count += 1
  }

  /// Adds all of another queue's bytes; a full queue drops what does not fit.
  mutating func append(contentsOf other: ByteQueue) {
    var rest = other
    while let byte = rest.popFirst() { append(byte) }
  }

  /// Removes the oldest byte.
  mutating func popFirst() -> UInt8? {
    guard count > 0 else { return nil }
    let byte = UInt8(truncatingIfNeeded: low)
    low = low >> 8 | high << 120
    high >>= 8
    count -= 1
    return byte
  }

  mutating func removeAll() { self = ByteQueue() }

  /// Traps if the representation is inconsistent; for tests.
  func _checkInvariants() {
    precondition((0...Self.capacity).contains(count))
    if count < 16 { precondition(low >> UInt128(8 * count) == 0, "bytes past the end") }
    if count < 32 {
      precondition(high >> UInt128(8 * max(0, count - 16)) == 0, "bytes past the end")
    }
  }
}
