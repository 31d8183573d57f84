/// What a machine with BIOS services starts: the disk whose first sector is a boot sector, a `.COM`
/// program, or a kernel in real mode.
public struct BIOSImage: Sendable {
  private enum Content {
    case disk(DiskImage)
    case program
    case kernel(RealModeKernel)
  }

  public let file: ImageFile
  private let content: Content

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
    content = .disk(try DiskImage(file, isWritable: isWritable))
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
    content = .program
  }

  /// A kernel image that is entered in its real-mode code, by the 16-bit Linux boot protocol.
  ///
  /// - Parameter initrd: The initial RAM disk; nil for none.
  public init(kernel file: ImageFile, initrd: ImageFile? = nil) throws(VMMError) {
    self.file = file
    content = .kernel(try RealModeKernel(file, initrd: initrd))
  }

  /// What fits in a segment beside the program segment prefix; the stack is above it.
  static let maximumProgram = 0xFE00

  /// Where a `.COM` program's segment begins.
  static let programSegment: UInt16 = 0x1000
  static let programOffset: UInt16 = 0x100

  /// What is loaded from the file before it starts: first and last byte, by rising address.
  var loadedRanges: [ClosedRange<GuestAddress>] {
    if let kernel { return kernel.loadedRanges }
    let start =
      isProgram
      ? GuestAddress(UInt64(RealModeMemory.linear(Self.programSegment, Self.programOffset)))
      : MemoryMap.bootSector
    let size = isProgram ? file.size : DiskGeometry.sectorSize
    return [start...GuestAddress(start.rawValue + UInt64(size) - 1)]
  }

  /// The first instruction.
  var entry: GuestAddress {
    guard kernel == nil else {
      return GuestAddress(UInt64(RealModeMemory.linear(RealModeKernel.entrySegment, 0)))
    }
    return loadedRanges[0].lowerBound
  }

  /// Checks that it fits in `memorySize` bytes of RAM. Every machine has the low memory that a BIOS, a
  /// boot sector and a program use.
  func validate(memorySize: UInt64) throws(VMMError) {
    try kernel?.validate(memorySize: memorySize)
  }

  /// How it is loaded and entered.
  var format: ImageFormat {
    switch content {
    case .disk: .boot
    case .program: .com
    case .kernel: .linux
    }
  }

  /// nil for a program and a kernel.
  var disk: DiskImage? {
    if case .disk(let disk) = content { disk } else { nil }
  }

  /// nil for a disk and a program.
  var kernel: RealModeKernel? {
    if case .kernel(let kernel) = content { kernel } else { nil }
  }

  /// Whether it is a `.COM` program.
  public var isProgram: Bool {
    if case .program = content { true } else { false }
  }

  /// What it was taken for, in words.
  public var summary: String {
    let geometry: DiskGeometry
    switch content {
    case .program: return "DOS program (.COM)"
    case .kernel: return "\(ImageFormat.linux.summary) in real mode"
    case .disk(let disk): geometry = disk.geometry
    }
    guard file.size > DiskGeometry.sectorSize else { return "boot sector" }
    let shape = "C/H/S \(geometry.cylinders)/\(geometry.heads)/\(geometry.sectors)"
    return (geometry.floppyType == nil ? "hard disk" : "floppy") + " with a boot sector, \(shape)"
  }
}
