import Glibc
import SystemPackage
import VMM

/// What one `poll(2)` waits for.
struct PollSet {
  /// Names one descriptor of the set.
  struct Member {
    fileprivate let index: Int
  }

  /// The members that are readable, hung up or broken: the ones worth reading.
  struct Ready {
    fileprivate var bits: UInt64 = 0

    func contains(_ member: Member) -> Bool { bits >> UInt64(member.index) & 1 != 0 }
  }

  private var descriptors: [pollfd] = []

  /// - Parameter descriptor: nil for a member that is never ready.
  mutating func add(_ descriptor: FileDescriptor?) -> Member {
    descriptors.append(
      pollfd(fd: descriptor?.rawValue ?? -1, events: Int16(POLLIN), revents: 0))
    return Member(index: descriptors.count - 1)
  }

  /// - Parameter deadline: On the monotonic clock, in nanoseconds; nil for none.
  mutating func wait(until deadline: UInt64?) -> Ready {
    let count = unsafe descriptors.withUnsafeMutableBufferPointer { descriptors in
      unsafe poll(
        descriptors.baseAddress, nfds_t(descriptors.count), deadline.map(millisecondsUntil) ?? -1)
    }
    var ready = Ready()
    guard count > 0 else { return ready }
    for (index, descriptor) in descriptors.enumerated() where descriptor.revents != 0 {
      ready.bits |= 1 << UInt64(index)
    }
    return ready
  }
}
