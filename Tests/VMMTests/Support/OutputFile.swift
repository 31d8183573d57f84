import Glibc
import SystemPackage

/// An unnamed file that collects what a guest sends: it never makes the guest wait.
final class OutputFile: Sendable {
  let descriptor: FileDescriptor

  init() throws(Errno) {
    var template = Array("/tmp/scanline-test-XXXXXX".utf8CString)
    let result = unsafe template.withUnsafeMutableBufferPointer { template in
      guard let path = template.baseAddress else { return Int32(-1) }
      let result = unsafe mkstemp(path)
      if result >= 0 { unsafe unlink(path) }
      return result
    }
    guard result >= 0 else { throw Errno(rawValue: errno) }
    _ = fcntl(result, F_SETFD, FD_CLOEXEC)
    descriptor = FileDescriptor(rawValue: result)
  }

  deinit { try? descriptor.close() }

  /// Everything that has been written so far.
  func bytes() throws -> [UInt8] {
    var status = stat()
    guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = try unsafe bytes.withUnsafeMutableBytes {
      try unsafe descriptor.read(fromAbsoluteOffset: 0, into: $0)
    }
    return Array(bytes.prefix(count))
  }
}
