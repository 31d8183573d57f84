import Glibc
package import SystemPackage

/// What one `poll(2)` waits for.
package struct PollSet {
  /// Names one descriptor of the set.
  package struct Member {
    fileprivate let index: Int
  }

  /// The members that are readable, hung up or broken: the ones worth reading.
  package struct Ready {
    fileprivate var bits: UInt64 = 0

    package func contains(_ member: Member) -> Bool { bits >> UInt64(member.index) & 1 != 0 }
  }

  private var descriptors: [pollfd] = []

  package init() {}

  /// - Parameter descriptor: nil for a member that is never ready.
  package mutating func add(_ descriptor: FileDescriptor?) -> Member {
    descriptors.append(
      pollfd(fd: descriptor?.rawValue ?? -1, events: Int16(POLLIN), revents: 0))
    return Member(index: descriptors.count - 1)
  }

  /// - Parameter deadline: On the monotonic clock, in nanoseconds; nil for none.
  package mutating func wait(until deadline: UInt64?) -> Ready {
    wait(timeout: deadline.map(millisecondsUntil) ?? -1)
  }

  /// - Parameter timeout: In milliseconds; -1 for none.
  package mutating func wait(timeout: Int32) -> Ready {
    let count = unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
      unsafe poll(descriptors.baseAddress, nfds_t(descriptors.count), timeout)
    }
    var ready = Ready()
    guard count > 0 else { return ready }
    for (index, descriptor) in descriptors.enumerated() where descriptor.revents != 0 {
      ready.bits |= 1 << UInt64(index)
    }
    return ready
  }
}
