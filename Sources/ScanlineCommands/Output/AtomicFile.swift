import Glibc
import SystemPackage
import VMM

/// A file that appears whole or not at all: written under a temporary name, then renamed.
///
/// A path that names something other than a regular file, such as a FIFO or a device, is written to
/// directly, since renaming would replace it.
struct AtomicFile {
  /// As the user named it.
  let name: String
  /// Whether writing may have to wait for a reader.
  let mayBlock: Bool
  /// Without symbolic links, so that it is the file that is replaced and not a link to it.
  private let path: FilePath

  /// Finds out whether the file can be written before anyone spends time on its contents.
  ///
  /// - Throws: ``VMMError`` of the kind `io`.
  init(path name: String) throws(VMMError) {
    self.name = name
    // A FilePath no longer knows of a slash at its end.
    guard FilePath(name).lastComponent?.kind == .regular, !name.hasSuffix("/") else {
      throw Self.directoryError(name)
    }
    path = try Self.resolve(name)
    let status = Self.status(of: path)
    mayBlock = status.map { $0.st_mode & S_IFMT != S_IFREG } ?? false
    switch status.map({ $0.st_mode & S_IFMT }) {
    case S_IFDIR: throw Self.directoryError(name)
    case S_IFREG, nil: try checkDirectory()
    default: try checkDevice()
    }
  }

  /// Writes the file by `body`, which is handed the descriptor.
  ///
  /// - Throws: ``VMMError`` of the kind `io`; the old file is still there, if there was one.
  func write(_ body: (FileDescriptor) throws -> Void) throws(VMMError) {
    do {
      if mayBlock {
        let device = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
        return try device.closeAfter { try body(device) }
      }
      let file = try create()
      do {
        try file.closeAfter {
          try body(file)
          keepAttributes(file)
        }
        try rename()
      } catch {
        unlink()
        throw error
      }
    } catch {
      throw VMMError(.io, "file \(name): \(error); the old file, if any, is unchanged")
    }
  }

  // MARK: Checks

  private static func directoryError(_ name: String) -> VMMError {
    VMMError(.io, "file \(name): is a directory; name a file in it")
  }

  private static func resolve(_ name: String) throws(VMMError) -> FilePath {
    guard let resolved = unsafe realpath(name, nil) else {
      var link = stat()
      guard unsafe lstat(name, &link) != 0 else {
        throw VMMError(.io, "file \(name): is a link to nothing; remove it or name another file")
      }
      return FilePath(name)
    }
    defer { unsafe free(resolved) }
    return unsafe FilePath(platformString: resolved)
  }

  private func checkDirectory() throws(VMMError) {
    do {
      try create().close()
      unlink()
    } catch {
      throw VMMError(
        .io, "file \(name): \(error); check that its directory exists and is writable")
    }
  }

  private func checkDevice() throws(VMMError) {
    do {
      // Opening a FIFO for reading and writing does not wait for its other end.
      try FileDescriptor.open(path, .readWrite, options: [.closeOnExec]).close()
    } catch Errno.permissionDenied {
      throw VMMError(.io, "file \(name): permission denied; choose another path")
    } catch {
      // Some devices can only be written; that shows when it happens.
    }
  }

  // MARK: The temporary file

  /// In the same directory, because a rename cannot cross file systems.
  private var temporaryPath: FilePath {
    path.removingLastComponent().appending(".scanline.\(getpid()).tmp")
  }

  /// A new file, never one that somebody else has put there.
  private func create() throws -> FileDescriptor {
    unlink()
    return try FileDescriptor.open(
      temporaryPath, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
      permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
  }

  /// Gives the new file the owner and the permissions of the old one, as far as we may.
  private func keepAttributes(_ file: FileDescriptor) {
    guard let old = Self.status(of: path) else { return }
    _ = fchown(file.rawValue, old.st_uid, old.st_gid)
    _ = fchmod(file.rawValue, old.st_mode & 0o777)
  }

  /// nil if there is no such file.
  private static func status(of path: FilePath) -> stat? {
    var status = stat()
    let result = unsafe path.withPlatformString { unsafe stat($0, &status) }
    return result == 0 ? status : nil
  }

  private func unlink() {
    _ = unsafe temporaryPath.withPlatformString { unsafe Glibc.unlink($0) }
  }

  private func rename() throws(Errno) {
    let result = unsafe temporaryPath.withPlatformString { source in
      unsafe path.withPlatformString { unsafe Glibc.rename(source, $0) }
    }
    guard result == 0 else { throw Errno(rawValue: errno) }
  }
}
