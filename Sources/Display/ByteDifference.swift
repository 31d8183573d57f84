import Glibc

/// Where `count` bytes at `left` and `right` differ: from the first differing byte to the end of the
/// last one; `nil` if they are equal.
///
/// Both must be private memory. `memcmp` on memory that somebody writes to may find a difference,
/// read the byte once more to learn its sign, find it equal by now, and return 0 for bytes that it
/// has never compared. (Measured with glibc 2.36 and one byte that flickers: up to every eighth call.
/// Some of its variants could even crash: glibc bug 29863.)
func differingBytes(
  _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, count: Int
) -> Range<Int>? {
  guard unsafe memcmp(left, right, count) != 0 else { return nil }
  var first = 0
  while first < count {
    if first + 8 <= count {
      let difference = unsafe differingBits(left + first, right + first)
      if difference != 0 {
        first += difference.trailingZeroBitCount / 8
        break
      }
      first += 8
    } else if unsafe left.load(fromByteOffset: first, as: UInt8.self)
      == right.load(fromByteOffset: first, as: UInt8.self)
    {
      first += 1
    } else {
      break
    }
  }
  var end = count
  while end > first {
    if end - 8 >= first {
      let difference = unsafe differingBits(left + (end - 8), right + (end - 8))
      if difference != 0 {
        end -= difference.leadingZeroBitCount / 8
        break
      }
      end -= 8
    } else if unsafe left.load(fromByteOffset: end - 1, as: UInt8.self)
      == right.load(fromByteOffset: end - 1, as: UInt8.self)
    {
      end -= 1
    } else {
      break
    }
  }
  return first..<end
}

/// The exclusive or of 8 bytes each; the byte at the lowest address is in the lowest bits.
@inline(__always)
private func differingBits(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> UInt64 {
  let left = unsafe left.loadUnaligned(as: UInt64.self)
  let right = unsafe right.loadUnaligned(as: UInt64.self)
  return UInt64(littleEndian: left ^ right)
}
