import Glibc

/// Seconds on `clock`; which epoch depends on it.
func seconds(on clock: clockid_t) -> Double {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How long `body` takes, in seconds on `clock`.
func duration(on clock: clockid_t = CLOCK_MONOTONIC, of body: () throws -> Void) rethrows -> Double
{
  let start = seconds(on: clock)
  try body()
  return seconds(on: clock) - start
}
