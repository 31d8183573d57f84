import Glibc
import Synchronization
import SystemPackage

/// A pipe that child processes do not inherit.
final class Pipe: Sendable {
  let reader: FileDescriptor
  /// `F_SETPIPE_SZ`, which the C library shows only to GNU sources.
  private static let setPipeSize: Int32 = 1031
  private let readerIsOpen = Atomic(true)
  let writer: FileDescriptor

  /// - Parameter capacity: In bytes, rounded up to pages by the kernel; nil for its default.
  init(capacity: Int32? = nil) throws {
    (reader, writer) = try FileDescriptor.pipe()
    for end in [reader, writer] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    if let capacity { _ = fcntl(writer.rawValue, Self.setPipeSize, capacity) }
  }

  deinit {
    try? closeReader()
    try? writer.close()
  }

  /// Leaves the writer without anybody who reads.
  func closeReader() throws {
    guard readerIsOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
    try reader.close()
  }

  /// The next bytes, at most `count`; waits for the first.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let done = try unsafe bytes.withUnsafeMutableBytes { try unsafe reader.read(into: $0) }
    return Array(bytes.prefix(done))
  }
}
