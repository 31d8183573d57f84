// Both, for which of them declares timespec's members depends on the order in which the compiler
// happened to build them.
import CKVM
import Glibc

/// The time left until `deadline`, in milliseconds, rounded up: what `poll(2)` takes.
package func millisecondsUntil(_ deadline: UInt64) -> Int32 {
  let now = monotonicNanoseconds()
  guard deadline > now else { return 0 }
  return Int32(clamping: (deadline - now + 999_999) / 1_000_000)
}

/// The time since some point in the past, which no clock adjustment changes.
package func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The time of day, in nanoseconds since 1970 (UTC).
func wallClockNanoseconds() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}

/// A point on a clock, as the C library takes it.
func absoluteTime(_ nanoseconds: UInt64) -> timespec {
  // Far beyond any machine's life, so that a time_t holds it.
  let seconds = min(nanoseconds / 1_000_000_000, 1 << 40)
  var time = timespec()
  time.tv_sec = Int(seconds)
  time.tv_nsec = Int(nanoseconds % 1_000_000_000)
  return time
}
