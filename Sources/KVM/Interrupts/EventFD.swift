import CKVM
import Glibc
public import SystemPackage

/// A counter that the kernel and this process signal each other through: `eventfd(2)`.
///
/// For ``VirtualMachine/registerIRQFD(_:gsi:resample:)`` and
/// ``VirtualMachine/registerIOEvent(_:at:length:dataMatch:)``. Non-blocking, closed on exec.
public struct EventFD: ~Copyable, Sendable {
  /// The descriptor, for the registrations and for `epoll`; valid as long as the value is.
  public let fileDescriptor: FileDescriptor

  /// Makes a counter that is 0.
  public init() throws(KVMError) {
    let result = ckvm_eventfd()
    guard result >= 0 else {
      throw KVMError(operation: "eventfd", errno: Errno(rawValue: 0 &- result))
    }
    fileDescriptor = FileDescriptor(rawValue: result)
  }

  deinit { close(fileDescriptor.rawValue) }

  /// Adds 1 to the counter.
  public func signal() throws(KVMError) {
    let result = ckvm_eventfd_write(fileDescriptor.rawValue, 1)
    guard result >= 0 else {
      throw KVMError(operation: "write(eventfd)", errno: Errno(rawValue: 0 &- result))
    }
  }

  /// Resets the counter and returns what it was: the number of signals, 0 if there were none.
  public func take() throws(KVMError) -> UInt64 {
    var value: UInt64 = 0
    let result = unsafe ckvm_eventfd_read(fileDescriptor.rawValue, &value)
    guard result >= 0 else {
      let errno = Errno(rawValue: 0 &- result)
      if errno == .resourceTemporarilyUnavailable { return 0 }
      throw KVMError(operation: "read(eventfd)", errno: errno)
    }
    return value
  }
}
