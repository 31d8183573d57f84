import Synchronization
import SystemPackage

/// A disk that is an image file, in sectors of 512 bytes.
///
/// What the guest writes stays in this process, and is gone with it, unless the disk is writable.
final class DiskImage: Sendable {
  /// Why a sector cannot be read or written.
  enum Failure: Error {
    /// The host's file is shorter than it was, or cannot be read or written.
    case file
    /// The guest has written more than ``overlayLimit``.
    case overlayFull
  }

  /// The most that a guest may write to a disk that is not writable, in sectors: 256 MiB.
  static let overlayLimit = 256 << 20 / DiskGeometry.sectorSize

  let geometry: DiskGeometry
  let sectorCount: Int
  private let image: ImageFile
  /// The file itself, if the guest writes to it.
  private let file: WritableFile?
  private let overlay = Mutex<[Int: [UInt8]]>([:])

  /// - Parameter isWritable: Whether the guest writes to the file itself.
  init(_ image: ImageFile, isWritable: Bool) throws(VMMError) {
    self.image = image
    sectorCount = image.size / DiskGeometry.sectorSize
    geometry = DiskGeometry(
      sectorCount: sectorCount, bootSector: try image.read(DiskGeometry.sectorSize, at: 0))
    do {
      file = try isWritable ? WritableFile(path: FilePath(image.name)) : nil
    } catch {
      throw VMMError(
        .image,
        "image \(image.name): \(error) while opening it for writing; change its permissions, or leave "
          + "out --writable")
    }
  }

  /// The number by which a BIOS knows it: 0 for a floppy, 80h for a hard disk.
  var drive: UInt8 { geometry.floppyType == nil ? 0x80 : 0 }

  /// The bytes of `sectors`, which the disk has.
  func read(_ sectors: Range<Int>) throws(Failure) -> [UInt8] {
    let size = DiskGeometry.sectorSize
    var bytes: [UInt8]
    do {
      bytes = try image.read(sectors.count * size, at: UInt64(sectors.lowerBound * size))
    } catch {
      throw .file
    }
    overlay.withLock { overlay in
      guard !overlay.isEmpty else { return }
      for sector in sectors {
        guard let written = overlay[sector] else { continue }
        let start = (sector - sectors.lowerBound) * size
        bytes.replaceSubrange(start..<start + size, with: written)
      }
    }
    return bytes
  }

  /// Writes `bytes`, whole sectors, from `first` on; the disk has all of them.
  func write(_ bytes: [UInt8], at first: Int) throws(Failure) {
    let size = DiskGeometry.sectorSize
    if let file {
      guard (try? file.write(bytes, at: Int64(first * size))) != nil else { throw .file }
      return
    }
    try overlay.withLock { overlay throws(Failure) in
      for index in 0..<bytes.count / size {
        guard overlay.count < Self.overlayLimit || overlay[first + index] != nil else {
          throw .overlayFull
        }
        overlay[first + index] = Array(bytes[index * size..<(index + 1) * size])
      }
    }
  }
}

/// A descriptor that is closed with its owner.
private final class WritableFile: Sendable {
  private let descriptor: FileDescriptor

  init(path: FilePath) throws {
    descriptor = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec, .nonBlocking])
  }

  deinit {
    try? descriptor.close()
  }

  func write(_ bytes: [UInt8], at offset: Int64) throws {
    try descriptor.writeAll(toAbsoluteOffset: offset, bytes)
  }
}
