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
}

/// Makes `count` bytes of `shadow` equal to those of `live`, which a guest may be writing to
/// meanwhile, in one pass.
///
/// Each cache line is read into registers, and what was read is both compared and stored. So the
/// shadow changes exactly where the result says, whatever the guest does at the same time.
/// `memcmp` gives no such promise: it may find a difference, read the byte again to learn its sign,
/// find it equal by now, and report equality for bytes that it has never compared. (Measured with
/// glibc 2.36 and one byte that flickers: up to every eighth call.) Half a cache line that has not
/// changed is not stored.
///
/// - Parameters:
///   - live: `count` bytes, in any alignment.
///   - shadow: `count` bytes, in any alignment.
func takeOver(
  _ live: UnsafeRawPointer, into shadow: UnsafeMutableRawPointer, count: Int
) -> TakenOver {
  var blocks = TakenOver()
  var offset = 0
  while count &- offset >= blockSize {
    unsafe prefetch(live + offset + prefetchDistance)
    unsafe prefetch(shadow + offset + prefetchDistance)
    let value = unsafe (live + offset).loadUnaligned(as: Block.self)
    let difference = unsafe value ^ (shadow + offset).loadUnaligned(as: Block.self)
    if !isZero(difference) {
      if !blocks.changed.isEmpty && difference[0] != 0 && difference[7] != 0 {
        // In the middle of a large change there is little to ask.
        unsafe (shadow + offset).storeBytes(of: value, as: Block.self)
        blocks.copied &+= blockSize
        blocks.changed = unsafe Range(
          uncheckedBounds: (
            blocks.changed.lowerBound,
            offset &+ blockSize &- difference[7].leadingZeroBitCount / 8
          ))
      } else {
        blocks.append(
          unsafe store(value, to: shadow + offset, difference: difference, at: offset))
      }
    }
    offset &+= blockSize
  }
  blocks.append(unsafe takeOverBytes(live, shadow, offset..<count))
  return blocks
}

/// A cache line: 64 bytes.
private typealias Block = SIMD8<UInt64>
private let blockSize = 64
private let halfSize = 32

/// How far ahead memory is fetched, in bytes: the processor's own prefetcher stops at the end of each
/// page, and a frame is two thousand of them.
private let prefetchDistance = 2048

/// Stores the halves of a block that differ.
@inline(never)
private func store(
  _ value: Block, to shadow: UnsafeMutableRawPointer, difference: Block, at offset: Int
) -> TakenOver {
  // Little endian: the first byte of a word is its lowest.
  var first = 0
  while first < 7, difference[first] == 0 { first += 1 }
  var last = 7
  while last > first, difference[last] == 0 { last -= 1 }
  let start = 8 * first + difference[first].trailingZeroBitCount / 8
  let end = 8 * last + 8 - difference[last].leadingZeroBitCount / 8
  var result = TakenOver(changed: (offset &+ start)..<(offset &+ end))
  if start < halfSize {
    unsafe shadow.storeBytes(of: value.lowHalf, as: SIMD4<UInt64>.self)
    result.copied += halfSize
  }
  if end > halfSize {
    unsafe shadow.storeBytes(of: value.highHalf, toByteOffset: halfSize, as: SIMD4<UInt64>.self)
    result.copied += halfSize
  }
  return result
}

@inline(__always)
private func isZero(_ words: Block) -> Bool {
  let half = words.lowHalf | words.highHalf
  let quarter = half.lowHalf | half.highHalf
  return quarter[0] | quarter[1] == 0
}

/// The few bytes behind the last whole block.
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
