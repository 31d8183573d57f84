import Glibc
import SystemPackage

/// What a thread has used of the host's processors.
public struct HostTimes: Equatable, Sendable {
  /// From its start to its end, nanoseconds.
  public let elapsed: UInt64
  /// In user mode, nanoseconds; the guest's time is in it where the kernel accounts for that.
  public let user: UInt64
  /// In the kernel, nanoseconds; a guest that KVM emulates is in it.
  public let system: UInt64
  /// In the guest, nanoseconds, in steps of the kernel's clock tick; 0 where the kernel does not tell
  /// it apart.
  public let guest: UInt64

  /// Those of the calling thread, which started at `start` on the monotonic clock.
  ///
  /// From `getrusage(2)` and field 43 of `/proc/thread-self/stat`, proc(5).
  static func ofThisThread(since start: UInt64) -> HostTimes {
    var usage = rusage()
    unsafe getrusage(rusageThread, &usage)
    let ticks = threadStatistics().flatMap { guestTicks(in: $0) } ?? 0
    let tickRate = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    return HostTimes(
      elapsed: monotonicNanoseconds() &- start, user: nanoseconds(usage.ru_utime),
      system: nanoseconds(usage.ru_stime), guest: ticks &* (1_000_000_000 / tickRate))
  }

  /// `guest_time` of a thread's statistics: field 43, counted from 1. The thread's name, field 2, may
  /// hold anything but ends with the last parenthesis.
  static func guestTicks(in statistics: String) -> UInt64? {
    guard let end = statistics.lastIndex(of: ")") else { return nil }
    let fields = statistics[end...].split(separator: " ").dropFirst()
    return fields.dropFirst(40).first.flatMap { UInt64($0) }
  }

  /// `RUSAGE_THREAD`, which the C library shows only to GNU sources.
  private static let rusageThread: __rusage_who_t = 1

  private static func threadStatistics() -> String? {
    guard
      let file = try? FileDescriptor.open(
        FilePath("/proc/thread-self/stat"), .readOnly, options: .closeOnExec)
    else { return nil }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      (try? unsafe file.read(into: buffer)) ?? 0
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private static func nanoseconds(_ time: timeval) -> UInt64 {
    UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_usec)) &* 1000
  }
}
