import Glibc
import SystemPackage

/// A directory that goes, with all that is in it, when its last owner does.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/scanline-tests.XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    path = text(template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
  }

  deinit {
    for name in names { unsafe unlink(file(name)) }
    unsafe rmdir(path)
  }

  /// The path of `name` in this directory.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o644) throws -> String {
    let path = file(name)
    let descriptor = try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
      permissions: .ownerReadWrite)
    try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    unsafe chmod(path, mode)
    return path
  }

  func read(_ name: String) throws -> [UInt8] { try readFile(file(name)) }

  /// What is in the directory, hidden files included, sorted.
  var names: [String] {
    guard let stream = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe Glibc.readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe text($0.prefix { $0 != 0 })
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// The whole contents of a file.
func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
  return try descriptor.closeAfter {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = try unsafe buffer.withUnsafeMutableBytes({
      try unsafe descriptor.read(into: $0)
    }), count > 0 {
      bytes += buffer.prefix(count)
    }
    return bytes
  }
}

/// What stat(2) says about a file.
func status(of path: String) throws -> stat {
  var status = stat()
  guard unsafe stat(path, &status) == 0 else { throw Errno(rawValue: errno) }
  return status
}
