import CKVM
import Glibc
import KVM
public import SystemPackage

/// Wakes a thread at the first store to a mapping: userfaultfd(2) in write-protect mode.
///
/// While it is armed, whoever stores to the mapping (a vCPU, inside `KVM_RUN`, or this process)
/// waits until it is disarmed, and the descriptor becomes readable.
@safe
final class WriteTrap: @unchecked Sendable {
  let descriptor: FileDescriptor
  private let memory: MemoryRegion

  /// - Throws: `Errno` where the host forbids it (EPERM: it takes access to `/dev/userfaultfd`, or
  ///   the capability CAP_SYS_PTRACE) or is too old (EINVAL: before Linux 6.4).
  init(_ memory: MemoryRegion) throws(Errno) {
    let descriptor = FileDescriptor(rawValue: try Self.check(ckvm_userfaultfd_open()))
    do throws(Errno) {
      try Self.check(ckvm_userfaultfd_enable(descriptor.rawValue))
      guard let start = unsafe memory.bytes.baseAddress else { throw .invalidArgument }
      try Self.check(unsafe ckvm_userfaultfd_register(descriptor.rawValue, start, memory.size))
    } catch {
      try? descriptor.close()
      throw error
    }
    self.descriptor = descriptor
    self.memory = memory
  }

  /// Closing it releases whoever waits.
  deinit {
    try? descriptor.close()
  }

  /// From the return of this call on, the first store is reported.
  func arm() throws(Errno) {
    try protect(true)
  }

  /// Lets stores pass again, those that wait included.
  func disarm() throws(Errno) {
    while ckvm_userfaultfd_take_event(descriptor.rawValue) {}
    try protect(false)
  }

  private func protect(_ on: Bool) throws(Errno) {
    guard let start = unsafe memory.bytes.baseAddress else { return }
    while true {
      let result = unsafe ckvm_userfaultfd_protect(descriptor.rawValue, start, memory.size, on)
      // EAGAIN: the address space is changing; it asks to try again.
      if result != -EAGAIN {
        try Self.check(result)
        return
      }
    }
  }

  @discardableResult
  private static func check(_ result: Int32) throws(Errno) -> Int32 {
    guard result >= 0 else { throw Errno(rawValue: 0 &- result) }
    return result
  }
}

/// What this host allows the flusher to do while nothing is drawn.
public enum IdleMode: Equatable, Sendable {
  /// Sleep until the first store.
  case writeTrap
  /// A few ticks a second, because a write trap failed like this.
  case slowTicks(Errno)

  /// Finds out by trying.
  public static func detect() -> IdleMode {
    do throws(Errno) {
      guard let memory = try? MemoryRegion(size: MemorySlot.pageSize) else { throw .noMemory }
      try WriteTrap(memory).arm()
      return .writeTrap
    } catch {
      return .slowTicks(error)
    }
  }
}
