import CKVM
import Glibc
public import SystemPackage

/// An eventfd: a flag that `poll(2)` can wait for.
public final class EventDescriptor: Sendable {
  public let descriptor: FileDescriptor

  public init() throws(VMMError) {
    let result = ckvm_eventfd()
    guard result >= 0 else {
      throw VMMError(
        .host, "eventfd: \(Errno(rawValue: -result)); raise the limit on open files (ulimit -n)")
    }
    descriptor = FileDescriptor(rawValue: result)
  }

  deinit {
    try? descriptor.close()
  }

  /// Raises the flag. Safe in any thread.
  public func signal() {
    var one: UInt64 = 1
    // Fails only when the counter is full, and then the flag is up already.
    _ = unsafe Glibc.write(descriptor.rawValue, &one, 8)
  }

  /// Lowers the flag.
  public func clear() {
    var count: UInt64 = 0
    // Fails only when the flag was down.
    _ = unsafe Glibc.read(descriptor.rawValue, &count, 8)
  }
}

/// Waits until `descriptor` has one of `events`, `wakeUp` is raised, or `timeout` milliseconds have
/// passed (-1: no limit).
///
/// - Returns: What each of them has; both empty after the timeout.
func wait(
  for events: Int32, on descriptor: FileDescriptor?, or wakeUp: EventDescriptor?,
  timeout: Int32 = -1
) -> (events: Int32, woken: Bool) {
  var descriptors = (
    pollfd(fd: descriptor?.rawValue ?? -1, events: Int16(truncatingIfNeeded: events), revents: 0),
    pollfd(fd: wakeUp?.descriptor.rawValue ?? -1, events: Int16(POLLIN), revents: 0)
  )
  let count = unsafe withUnsafeMutablePointer(to: &descriptors) { pointer in
    unsafe pointer.withMemoryRebound(to: pollfd.self, capacity: 2) {
      unsafe poll($0, 2, timeout)
    }
  }
  guard count > 0 else { return (0, false) }
  return (Int32(descriptors.0.revents), descriptors.1.revents != 0)
}

extension EventDescriptor {
  /// Waits until the flag is raised, at most until `deadline` on the monotonic clock, rounded up to
  /// a millisecond. Returns whether it is raised.
  package func wait(until deadline: UInt64) -> Bool {
    let timeout = millisecondsUntil(deadline)
    return VMM.wait(for: 0, on: nil, or: self, timeout: timeout).woken
  }
}
