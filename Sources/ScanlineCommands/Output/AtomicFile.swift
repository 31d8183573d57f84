import Glibc
import SystemPackage
import VMM

/// A file that appears whole or not at all: written under a temporary name, then renamed.
///
/// A path that names something other than a regular file, such as `/dev/stdout` or a FIFO, is
/// written to directly, since renaming would replace it.
struct AtomicFile {
  let path: FilePath

  /// Finds out whether the file can be written before anyone spends time on its contents.
  ///
  /// - Throws: ``VMMError`` of the kind `io`.
  init(path: FilePath) throws(VMMError) {
    self.path = path
    guard path.lastComponent != nil, !path.string.hasSuffix("/") else {
      throw VMMError(.io, "file \(path): is a directory; name a file in it")
    }
    switch Self.type(of: path) {
    case S_IFDIR:
      throw VMMError(.io, "file \(path): is a directory; name a file in it")
    case S_IFREG, nil:
      do {
        let trial = try Self.create(temporaryPath)
        try? trial.close()
        unlink(temporaryPath)
      } catch {
        throw VMMError(
          .io, "file \(path): \(error); check that its directory exists and is writable")
      }
    default:
      do {
        // Opening a FIFO for reading and writing does not wait for its other end.
        try FileDescriptor.open(path, .readWrite, options: [.closeOnExec]).close()
      } catch Errno.permissionDenied {
        throw VMMError(.io, "file \(path): permission denied; choose another path")
      } catch {
        // Some devices can only be written; that shows when it happens.
      }
    }
  }

  /// Writes the file by `body`, which is handed the descriptor.
  ///
  /// - Throws: ``VMMError`` of the kind `io`; the old file is still there, if there was one.
  func write(_ body: (FileDescriptor) throws -> Void) throws(VMMError) {
    do {
      guard Self.type(of: path) == S_IFREG || Self.type(of: path) == nil else {
        let device = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
        return try device.closeAfter { try body(device) }
      }
      let file = try Self.create(temporaryPath)
      do {
        try file.closeAfter { try body(file) }
        try rename(temporaryPath, to: path)
      } catch {
        unlink(temporaryPath)
        throw error
      }
    } catch {
      throw VMMError(.io, "file \(path): \(error); the old file, if any, is unchanged")
    }
  }

  /// In the same directory, because a rename cannot cross file systems.
  private var temporaryPath: FilePath {
    let name = path.lastComponent?.string ?? ""
    return path.removingLastComponent().appending(".\(name).\(getpid()).tmp")
  }

  private static func create(_ path: FilePath) throws -> FileDescriptor {
    try FileDescriptor.open(
      path, .writeOnly, options: [.create, .truncate, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
  }

  /// The type bits of `st_mode`; nil if there is no such file.
  private static func type(of path: FilePath) -> mode_t? {
    var status = stat()
    let result = unsafe path.withPlatformString { unsafe stat($0, &status) }
    return result == 0 ? status.st_mode & S_IFMT : nil
  }

  private func unlink(_ path: FilePath) {
    _ = unsafe path.withPlatformString { unsafe Glibc.unlink($0) }
  }

  private func rename(_ source: FilePath, to destination: FilePath) throws(Errno) {
    let result = unsafe source.withPlatformString { source in
      unsafe destination.withPlatformString { unsafe Glibc.rename(source, $0) }
    }
    guard result == 0 else { throw Errno(rawValue: errno) }
  }
}
