import Glibc

/// What one thread waits for until a time on the monotonic clock, to the nanosecond as far as the host
/// can, and others may ring before. (`poll(2)` counts in milliseconds.)
@safe
final class Alarm: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// Guarded by the mutex.
  private var isRung = false

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Ends the wait that goes on, or the next one. Safe in any thread.
  func ring() {
    unsafe pthread_mutex_lock(mutex)
    isRung = true
    unsafe pthread_cond_signal(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Waits until somebody rings, or until `deadline`, in nanoseconds; for ever if it is nil.
  func wait(until deadline: UInt64?) {
    unsafe pthread_mutex_lock(mutex)
    while !isRung {
      guard let deadline else {
        unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      // Far beyond any machine's life, so that a time_t holds it.
      let seconds = min(deadline / 1_000_000_000, 1 << 40)
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(deadline % 1_000_000_000))
      if unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { break }
    }
    isRung = false
    unsafe pthread_mutex_unlock(mutex)
  }
}
