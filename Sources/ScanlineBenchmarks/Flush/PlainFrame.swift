import Glibc

/// What a frame costs by the plain means of C: `memcmp` of an equal one, then `memcpy`.
enum PlainFrame {
  /// Microseconds of CPU time, the smallest of `rounds`.
  static func hostTime(size: Int, rounds: Int) -> Double {
    let left = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
    let right = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
    defer {
      unsafe left.deallocate()
      unsafe right.deallocate()
    }
    unsafe memset(left, 1, size)
    unsafe memset(right, 1, size)
    var best = Double.infinity
    for round in 0..<rounds {
      let time = duration(on: CLOCK_THREAD_CPUTIME_ID) {
        let differs = unsafe memcmp(left, right, size) != 0
        // The result is used, or there would be nothing to measure.
        unsafe left.storeBytes(of: differs ? 1 : UInt8(truncatingIfNeeded: round), as: UInt8.self)
        unsafe memcpy(right, left, size)
      }
      best = min(best, time * 1e6)
    }
    return best
  }
}
