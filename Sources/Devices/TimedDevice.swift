/// A device in which something happens as time passes, not only when it is accessed.
///
/// The machine calls ``advance(to:)`` no later than a moment after each ``deadline``, from a thread of
/// its own. A device that is accessed first brings itself up to date, so that what a guest reads never
/// depends on when that thread gets to run.
///
/// Times are nanoseconds on the host's monotonic clock, from a ``DeviceClock``.
public protocol TimedDevice: AnyObject, Sendable {
  /// When something is due next; nil if never.
  var deadline: UInt64? { get }

  /// Does what is due at `now`.
  func advance(to now: UInt64)
}

/// What a timed device knows of time. Tests give it a clock of their own.
public struct DeviceClock: Sendable {
  /// Nanoseconds on the host's monotonic clock.
  public let now: @Sendable () -> UInt64
  /// Tells that a device's ``TimedDevice/deadline`` may have become earlier. Called without the
  /// device's lock.
  public let deadlineChanged: @Sendable () -> Void

  public init(
    now: @escaping @Sendable () -> UInt64, deadlineChanged: @escaping @Sendable () -> Void = {}
  ) {
    self.now = now
    self.deadlineChanged = deadlineChanged
  }
}
