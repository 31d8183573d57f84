/// What one thread waits for until a time on the monotonic clock, to the nanosecond as far as the host
/// can, and others may ring before. (`poll(2)` counts in milliseconds.)
final class Alarm: Sendable {
  private let isRung = Monitor(false)

  /// Ends the wait that goes on, or the next one. Safe in any thread.
  func ring() {
    isRung.update { $0 = true }
  }

  /// Waits until somebody rings, or until `deadline`, in nanoseconds; for ever if it is nil.
  func wait(until deadline: UInt64?) {
    isRung.wait(until: { $0 }, orAt: deadline, then: { $0 = false })
  }
}
