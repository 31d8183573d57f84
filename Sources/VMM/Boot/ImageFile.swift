import Glibc
public import SystemPackage

/// The bytes of an image: a file that stays open until it has been loaded, or bytes in memory.
public struct ImageFile: Sendable {
  private enum Contents: Sendable {
    case file(OpenFile)
    case bytes([UInt8])
  }

  /// What messages call the image.
  public let name: String
  /// In bytes. Only bytes in memory can be none, and a ``FlatImage`` refuses them.
  public let size: Int
  public let kind: ImageKind
  private let contents: Contents

  /// Opens the image at `path` and looks at its first bytes.
  public init(path: FilePath) throws(VMMError) {
    name = path.string
    do {
      let file = try OpenFile(path: path)
      contents = .file(file)
      let status = try file.status()
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw VMMError(.image, "image \(name): is a directory; name the image file in it")
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw VMMError(.image, "image \(name): is not a regular file; copy it into one")
      }
      guard status.st_size > 0 else {
        throw VMMError(.image, "image \(name): is empty; there is nothing to run")
      }
      size = Int(status.st_size)
      var header = [UInt8](repeating: 0, count: min(size, ImageKind.headerSize))
      try unsafe header.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
      kind = ImageKind(header: header, size: size)
    } catch let error as VMMError {
      throw error
    } catch {
      throw VMMError(.image, "image \(path): \(error); check the path and its permissions")
    }
  }

  /// An image that is already in memory.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    size = bytes.count
    kind = ImageKind(header: Array(bytes.prefix(ImageKind.headerSize)), size: bytes.count)
    contents = .bytes(bytes)
  }

  /// Copies the whole image to `address`.
  func load(into memory: GuestMemory, at address: GuestAddress) throws(VMMError) {
    let loaded: Bool
    switch contents {
    case .bytes(let bytes):
      loaded = memory.write(bytes, at: address)
    case .file(let file):
      do {
        loaded = try unsafe memory.fill(size, at: address) { try unsafe file.read(into: $0) }
      } catch {
        throw VMMError(.image, "image \(name): \(error) while reading it; is it still changing?")
      }
    }
    guard loaded else {
      throw VMMError(.image, "image \(name): does not fit in memory at \(address)")
    }
  }
}

/// A descriptor that is closed with its last owner.
private final class OpenFile: Sendable {
  private let descriptor: FileDescriptor

  init(path: FilePath) throws {
    descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
  }

  deinit {
    try? descriptor.close()
  }

  func status() throws(Errno) -> stat {
    var status = stat()
    guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    return status
  }

  /// Fills `buffer` from the start of the file; throws when the file is shorter.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try unsafe descriptor.read(fromAbsoluteOffset: Int64(done), into: rest)
      guard count > 0 else { throw Errno.ioError }
      done += count
    }
  }
}
