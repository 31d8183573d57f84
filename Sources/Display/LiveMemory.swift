import Synchronization

/// What ``takeOver(_:into:count:)`` changed.
struct TakenOver {
  /// From the first byte that changed to the last one; empty if none did.
  var changed = 0..<0
  /// Bytes stored in the shadow.
  var copied = 0

  /// Adds what changed behind it.
  mutating func append(_ other: TakenOver) {
    copied &+= other.copied
    guard !other.changed.isEmpty else { return }
    changed =
      (changed.isEmpty ? other.changed.lowerBound : changed.lowerBound)..<other.changed.upperBound
  }

  /// Adds a difference of the word at `offset`, which lies behind all earlier ones.
  @inline(__always)
  mutating func add(_ difference: UInt64, at offset: Int) {
    guard difference != 0 else { return }
    // Little endian: the first byte is the lowest.
    let end = offset &+ 8 &- difference.leadingZeroBitCount / 8
    let start =
      changed.isEmpty ? offset &+ difference.trailingZeroBitCount / 8 : changed.lowerBound
    changed = unsafe Range(uncheckedBounds: (start, end))
  }
}

/// Makes `count` bytes of `shadow` equal to those of `live`, which a guest may be writing to
/// meanwhile, in one pass.
///
/// Each word is read once, by a relaxed atomic load, and what was read is both compared and stored. So
/// the shadow changes exactly where the result says, whatever the guest does at the same time.
/// `memcmp` gives no such promise: it may find a difference, read the byte again to learn its sign,
/// find it equal by now, and report equality for bytes that it has never compared. (Measured with
/// glibc 2.36 and one byte that flickers: up to every eighth call.) A block that has not changed is
/// not stored.
///
/// - Parameters:
///   - live: `count` bytes, in any alignment.
///   - shadow: `count` bytes, in any alignment.
func takeOver(
  _ live: UnsafeRawPointer, into shadow: UnsafeMutableRawPointer, count: Int
) -> TakenOver {
  // Atomic words must be aligned; a line of pixels begins anywhere.
  let head = min(count, (0 &- Int(bitPattern: live)) & 7)
  let tail = count &- (count &- head) & 7
  var result = unsafe takeOverBytes(live, shadow, 0..<head)
  // In variables of its own, which stay in registers.
  var words = TakenOver()
  var offset = head
  while tail &- offset >= blockSize {
    unsafe takeOverBlock(live + offset, shadow + offset, offset, &words)
    offset &+= blockSize
  }
  while offset < tail {
    let value = unsafe word(live + offset)
    let difference = unsafe value ^ shadow.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    if difference != 0 {
      unsafe shadow.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
      words.copied &+= 8
      words.add(difference, at: offset)
    }
    offset &+= 8
  }
  result.append(words)
  result.append(unsafe takeOverBytes(live, shadow, tail..<count))
  return result
}

/// Bytes that are compared at once, and stored at once if they differ.
private let blockSize = 32

/// Four words: as many as fit in registers with their differences.
@inline(__always)
private func takeOverBlock(
  _ live: UnsafeRawPointer, _ shadow: UnsafeMutableRawPointer, _ offset: Int,
  _ result: inout TakenOver
) {
  let value0 = unsafe word(live)
  let value1 = unsafe word(live + 8)
  let value2 = unsafe word(live + 16)
  let value3 = unsafe word(live + 24)
  let difference0 = unsafe value0 ^ shadow.loadUnaligned(as: UInt64.self)
  let difference1 = unsafe value1 ^ (shadow + 8).loadUnaligned(as: UInt64.self)
  let difference2 = unsafe value2 ^ (shadow + 16).loadUnaligned(as: UInt64.self)
  let difference3 = unsafe value3 ^ (shadow + 24).loadUnaligned(as: UInt64.self)
  guard difference0 | difference1 | difference2 | difference3 != 0 else { return }
  unsafe shadow.storeBytes(of: value0, as: UInt64.self)
  unsafe shadow.storeBytes(of: value1, toByteOffset: 8, as: UInt64.self)
  unsafe shadow.storeBytes(of: value2, toByteOffset: 16, as: UInt64.self)
  unsafe shadow.storeBytes(of: value3, toByteOffset: 24, as: UInt64.self)
  result.copied &+= blockSize
  // In the middle of a large change only the end moves, and mostly with the last word.
  if result.changed.isEmpty || difference3 == 0 {
    result.add(difference0, at: offset)
    result.add(difference1, at: offset &+ 8)
    result.add(difference2, at: offset &+ 16)
  }
  result.add(difference3, at: offset &+ 24)
}

/// The few bytes before the first and after the last whole word.
private func takeOverBytes(
  _ live: UnsafeRawPointer, _ shadow: UnsafeMutableRawPointer, _ range: Range<Int>
) -> TakenOver {
  var result = TakenOver()
  for offset in range {
    let value = unsafe (live + offset).assumingMemoryBound(to: Atomic<UInt8>.self).pointee
      .load(ordering: .relaxed)
    guard unsafe value != shadow.load(fromByteOffset: offset, as: UInt8.self) else { continue }
    unsafe shadow.storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    result.append(TakenOver(changed: offset..<(offset &+ 1), copied: 1))
  }
  return result
}

/// One aligned word of memory that somebody else may be writing to.
@inline(__always)
private func word(_ address: UnsafeRawPointer) -> UInt64 {
  unsafe address.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
}
