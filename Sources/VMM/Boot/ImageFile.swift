import Glibc
public import SystemPackage

/// The bytes of an image: a file that stays open until it has been loaded, or bytes in memory.
public struct ImageFile: Sendable {
  private enum Contents: Sendable {
    case file(OpenFile)
    case bytes([UInt8])
  }

  /// What a file is to the machine, as messages call it.
  public enum Role: String, Sendable {
    case image
    case initrd
  }

  public let role: Role
  /// What messages call the image.
  public let name: String
  /// In bytes. Only bytes in memory can be none, and a ``FlatImage`` refuses them.
  public let size: Int
  /// What its content, or its name, says it is.
  public private(set) var kind = ImageKind.flat
  private let contents: Contents

  /// Opens the image at `path` and looks at its headers.
  public init(path: FilePath, role: Role = .image) throws(VMMError) {
    self.role = role
    name = path.string
    do {
      let file = try OpenFile(path: path)
      contents = .file(file)
      let status = try file.status()
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw VMMError(.image, "\(role) \(name): is a directory; name the file in it")
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw VMMError(.image, "\(role) \(name): is not a regular file; copy it into one")
      }
      guard status.st_size > 0 else {
        throw VMMError(.image, "\(role) \(name): is empty; there is nothing to load")
      }
      size = Int(status.st_size)
    } catch let error as VMMError {
      throw error
    } catch {
      throw VMMError(.image, "\(role) \(path): \(error); check the path and its permissions")
    }
    kind = try recognize()
  }

  /// An image that is already in memory.
  public init(name: String, bytes: [UInt8], role: Role = .image) {
    self.role = role
    self.name = name
    size = bytes.count
    contents = .bytes(bytes)
    // Bytes in memory can always be read.
    kind = (try? recognize()) ?? .flat
  }

  private func recognize() throws(VMMError) -> ImageKind {
    ImageKind(header: try read(ImageKind.headerSize, at: 0), size: size, name: name) {
      // An ELF file that is broken is refused where it is loaded, with its reason.
      (try? ELFFile(self).pvhEntry()) ?? nil != nil
    }
  }

  /// A copy of `count` bytes from `offset` on, or of those that the file has of them.
  func read(_ count: Int, at offset: UInt64) throws(VMMError) -> [UInt8] {
    let range = clamp(UInt64(clamping: count), from: offset)
    switch contents {
    case .bytes(let bytes):
      return Array(bytes[range])
    case .file(let file):
      var bytes = [UInt8](repeating: 0, count: range.count)
      do {
        try unsafe bytes.withUnsafeMutableBytes {
          try unsafe file.read(from: range.lowerBound, into: $0)
        }
      } catch {
        throw readFailure(error)
      }
      return bytes
    }
  }

  /// Copies the whole image to `address`.
  func load(into memory: GuestMemory, at address: GuestAddress) throws(VMMError) {
    try load(UInt64(size), from: 0, into: memory, at: address)
  }

  /// Copies `count` bytes from `offset` on to `address`, without another copy in between.
  func load(
    _ count: UInt64, from offset: UInt64, into memory: GuestMemory, at address: GuestAddress
  ) throws(VMMError) {
    let range = clamp(count, from: offset)
    let isLoaded: Bool
    switch contents {
    case .bytes(let bytes):
      isLoaded = unsafe memory.fill(range.count, at: address) {
        unsafe $0.copyBytes(from: bytes[range])
      }
    case .file(let file):
      do {
        isLoaded = try unsafe memory.fill(range.count, at: address) {
          try unsafe file.read(from: range.lowerBound, into: $0)
        }
      } catch {
        throw readFailure(error)
      }
    }
    guard isLoaded, range.count == count else {
      throw VMMError(.image, "\(role) \(name): does not fit in memory at \(address)")
    }
  }

  /// The part of the file that `count` bytes from `offset` on are.
  private func clamp(_ count: UInt64, from offset: UInt64) -> Range<Int> {
    let start = Int(min(offset, UInt64(size)))
    return start..<start + Int(min(count, UInt64(size - start)))
  }

  private func readFailure(_ error: any Error) -> VMMError {
    VMMError(.image, "\(role) \(name): \(error) while reading it; is it still changing?")
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

  /// Fills `buffer` from `offset` of the file on; throws when the file is shorter.
  func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try unsafe descriptor.read(
        fromAbsoluteOffset: Int64(offset + done), into: rest)
      guard count > 0 else { throw Errno.ioError }
      done += count
    }
  }
}
