import Glibc

/// A mutex with a condition variable: state that threads wait for.
@safe
final class Monitor<State>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// Touched under the mutex only.
  private var state: State

  init(_ state: State) {
    self.state = state
    // They fail for lack of memory only, which glibc does not allocate for them.
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(changed, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  /// Looks at the state.
  func withLock<Result, Failure: Error>(
    _ body: (inout State) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body(&state)
  }

  /// Changes the state, and has everybody who waits look at it again.
  func update<Result>(_ body: (inout State) -> Result) -> Result {
    withLock { state in
      defer { broadcast() }
      return body(&state)
    }
  }

  /// Has everybody who waits look at the state again.
  func broadcast() {
    unsafe pthread_cond_broadcast(changed)
  }

  /// Waits until `condition` holds, and changes the state before anybody else can.
  ///
  /// - Parameters:
  ///   - first: A change before the first look.
  ///   - deadline: When to go on though it does not hold, in nanoseconds on the monotonic clock; nil
  ///     for never.
  func wait<Result>(
    after first: (inout State) -> Void = { _ in }, until condition: (State) -> Bool,
    orAt deadline: UInt64? = nil, then change: (inout State) -> Result
  ) -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    first(&state)
    // Not in an access that lasts: others change the state while this waits, and an optimizer may
    // trust that nobody does during an exclusive access.
    while !condition(state), waitForChange(until: deadline) {}
    return change(&state)
  }

  /// Lets go of the mutex until somebody broadcasts. False when `deadline` has passed.
  private func waitForChange(until deadline: UInt64?) -> Bool {
    guard let deadline else {
      unsafe pthread_cond_wait(changed, mutex)
      return true
    }
    var time = absoluteTime(deadline)
    return unsafe pthread_cond_timedwait(changed, mutex, &time) != ETIMEDOUT
  }
}
