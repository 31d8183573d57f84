/// Cylinders, heads and sectors of a disk, as INT 13h addresses it.
struct DiskGeometry: Equatable, Sendable {
  /// What INT 13h AH=08h calls the kind of floppy drive; nil for a hard disk.
  let floppyType: UInt8?
  let cylinders: Int
  let heads: Int
  /// In a track; their numbers begin with 1.
  let sectors: Int

  static let sectorSize = 512

  /// By the size of the image: that of a floppy, from 160 KiB to 2.88 MiB, is one, everything else is
  /// a hard disk of at most 1024 cylinders with as many heads as that takes.
  ///
  /// - Parameter sectorCount: Of the whole image.
  init(sectorCount: Int) {
    if let floppy = Self.floppies.first(where: { $0.total == sectorCount }) {
      self = floppy
      return
    }
    sectors = 63
    // The translation of Phoenix and others: the fewest heads with which 1024 cylinders suffice.
    heads = [16, 32, 64, 128].first { $0 * 63 * 1024 >= sectorCount } ?? 255
    floppyType = nil
    cylinders = min(max(1, (sectorCount + heads * 63 - 1) / (heads * 63)), 1024)
  }

  /// By the BIOS parameter block of a floppy's boot sector, too: an image may end where what is used of
  /// the floppy does.
  ///
  /// - Parameters:
  ///   - sectorCount: Of the whole image.
  ///   - bootSector: Its first sector.
  init(sectorCount: Int, bootSector: [UInt8]) {
    // Microsoft FAT specification, section 3.1: bytes in a sector, all sectors, those in a track, heads.
    let parameters = [0x0B, 0x13, 0x18, 0x1A].map {
      Int(bootSector.littleEndian(UInt16.self, at: $0) ?? 0)
    }
    let floppy = Self.floppies.first {
      parameters == [Self.sectorSize, $0.total, $0.sectors, $0.heads] && sectorCount < $0.total
    }
    self = floppy ?? DiskGeometry(sectorCount: sectorCount)
  }

  private init(_ cylinders: Int, _ heads: Int, _ sectors: Int, type: UInt8) {
    self.cylinders = cylinders
    self.heads = heads
    self.sectors = sectors
    floppyType = type
  }

  private static let floppies = [
    DiskGeometry(40, 1, 8, type: 1), DiskGeometry(40, 1, 9, type: 1),
    DiskGeometry(40, 2, 8, type: 1), DiskGeometry(40, 2, 9, type: 1),
    DiskGeometry(80, 2, 9, type: 3), DiskGeometry(80, 2, 15, type: 2),
    DiskGeometry(80, 2, 18, type: 4), DiskGeometry(80, 2, 21, type: 4),
    DiskGeometry(80, 2, 36, type: 5),
  ]

  /// Sectors that cylinder, head and sector reach.
  var total: Int { cylinders * heads * sectors }

  /// The number of a sector from 0; nil unless the disk has it.
  func sectorNumber(cylinder: Int, head: Int, sector: Int) -> Int? {
    guard (0..<cylinders).contains(cylinder), (0..<heads).contains(head),
      (1...sectors).contains(sector)
    else { return nil }
    return (cylinder * heads + head) * sectors + sector - 1
  }
}
