/// What a machine with BIOS services starts: the disk whose first sector is a boot sector, or a `.COM`
/// program.
public struct BIOSImage: Sendable {
  public let file: ImageFile
  /// nil for a program.
  let disk: DiskImage?

  /// A floppy or hard disk with a boot sector: its first sector ends in 55 AA.
  ///
  /// - Parameter isWritable: Whether what the guest writes goes to the file; else it is kept in memory,
  ///   and gone in the end.
  public init(disk file: ImageFile, isWritable: Bool = false) throws(VMMError) {
    let size = DiskGeometry.sectorSize
    guard file.size >= size, file.size % size == 0 else {
      throw VMMError(
        .image,
        "image \(file.name): \(file.size) bytes are no multiple of a disk's sectors of \(size); "
          + "fill it up with `truncate --size=%\(size)`")
    }
    guard try file.read(2, at: UInt64(size - 2)) == [0x55, 0xAA] else {
      throw VMMError(
        .image,
        "image \(file.name): its first sector does not end in 55 AA, so a BIOS would not start it")
    }
    self.file = file
    disk = try DiskImage(file, isWritable: isWritable)
  }

  /// A `.COM` program: at most 65280 bytes, which are entered at offset 0100h of a segment.
  public init(program file: ImageFile) throws(VMMError) {
    guard (1...Self.maximumProgram).contains(file.size) else {
      throw VMMError(
        .image,
        "image \(file.name): \(file.size) bytes are no .COM program, which has 1 to "
          + "\(Self.maximumProgram); if it is something else, say so with --format")
    }
    self.file = file
    disk = nil
  }

  /// What fits in a segment beside the program segment prefix; the stack is above it.
  static let maximumProgram = 0xFE00

  /// Where a `.COM` program's segment begins.
  static let programSegment: UInt16 = 0x1000
  static let programOffset: UInt16 = 0x100

  /// What is loaded from the file before it starts: first and last byte.
  var loadedRange: ClosedRange<GuestAddress> {
    let start =
      isProgram
      ? GuestAddress(UInt64(RealModeMemory.linear(Self.programSegment, Self.programOffset)))
      : MemoryMap.bootSector
    let size = isProgram ? file.size : DiskGeometry.sectorSize
    return start...GuestAddress(start.rawValue + UInt64(size) - 1)
  }

  /// Whether it is a `.COM` program.
  public var isProgram: Bool { disk == nil }

  /// What it was taken for, in words.
  public var summary: String {
    guard let geometry = disk?.geometry else { return "DOS program (.COM)" }
    guard file.size > DiskGeometry.sectorSize else { return "boot sector" }
    let shape = "C/H/S \(geometry.cylinders)/\(geometry.heads)/\(geometry.sectors)"
    return (geometry.floppyType == nil ? "hard disk" : "floppy") + " with a boot sector, \(shape)"
  }
}
