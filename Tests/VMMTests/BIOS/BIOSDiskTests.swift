import CKVM
import Devices
import KVM
import SystemPackage
import Testing

@testable import VMM

@Suite("BIOS: disk")
struct BIOSDiskTests {
  /// A disk whose sectors hold their own number.
  static func disk(_ sectors: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sectors * 512)
    for sector in 0..<sectors {
      bytes[sector * 512] = UInt8(truncatingIfNeeded: sector)
      bytes[sector * 512 + 1] = UInt8(truncatingIfNeeded: sector >> 8)
    }
    return bytes
  }

  @Test(
    "a floppy is known by its size",
    arguments: [
      (160, 40, 1, 8, 1), (180, 40, 1, 9, 1), (320, 40, 2, 8, 1), (360, 40, 2, 9, 1),
      (720, 80, 2, 9, 3), (1200, 80, 2, 15, 2), (1440, 80, 2, 18, 4), (2880, 80, 2, 36, 5),
    ])
  func floppies(kibibytes: Int, cylinders: Int, heads: Int, sectors: Int, type: UInt8) {
    let geometry = DiskGeometry(sectorCount: 2 * kibibytes)
    #expect(geometry.cylinders == cylinders && geometry.heads == heads)
    #expect(geometry.sectors == sectors && geometry.floppyType == type)
    #expect(geometry.total == 2 * kibibytes)
  }

  @Test(
    "every other size is a hard disk, all of which CHS reaches up to 8 GB",
    arguments: [1, 2, 100, 2881, 63 * 16 * 1024, 63 * 16 * 1024 + 1, 8_000_000, 16_000_000])
  func hardDisks(sectors: Int) {
    let geometry = DiskGeometry(sectorCount: sectors)
    #expect(geometry.floppyType == nil && geometry.sectors == 63)
    #expect((1...1024).contains(geometry.cylinders) && (1...255).contains(geometry.heads))
    #expect(geometry.total >= sectors)
    let last = sectors - 1
    #expect(
      geometry.sectorNumber(
        cylinder: last / 63 / geometry.heads, head: last / 63 % geometry.heads,
        sector: last % 63 + 1) == last)
  }

  @Test("a disk beyond 8 GB is as large as CHS can tell")
  func largeDisk() {
    let geometry = DiskGeometry(sectorCount: 100_000_000)
    #expect((geometry.cylinders, geometry.heads, geometry.sectors) == (1024, 255, 63))
  }

  @Test("an image that ends early is a floppy by its parameter block, without the sectors it lacks")
  func truncatedFloppy() throws {
    var disk = Self.disk(40)
    func put(_ value: UInt16, at offset: Int) {
      disk[offset] = UInt8(truncatingIfNeeded: value)
      disk[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    for (value, offset) in [(512, 0x0B), (2880, 0x13), (18, 0x18)] as [(UInt16, Int)] {
      put(value, at: offset)
    }
    // Without the number of heads it describes no floppy.
    #expect(DiskGeometry(sectorCount: 40, bootSector: disk).floppyType == nil)
    put(2, at: 0x1A)
    #expect(DiskGeometry(sectorCount: 40, bootSector: disk) == DiskGeometry(sectorCount: 2880))
    // A larger image has more than the floppy that it was made from.
    #expect(DiskGeometry(sectorCount: 4000, bootSector: disk).floppyType == nil)
    var bench = try BIOSBench(disk: disk)
    for (track, status) in [(0x0101, 0x00), (0x0105, 0x04), (0x4F12, 0x04)] as [(UInt16, UInt8)] {
      let call = bench.call(0x13) {
        $0.ax = 0x0201
        $0.cx = track
        $0.bx = 0x9000
      }
      #expect(call.ah == status && call.carry == (status != 0))
    }
    #expect(bench.memory.word(0x9000) == 36)
  }

  @Test("no sector lies outside of the geometry")
  func bounds() {
    let geometry = DiskGeometry(sectorCount: 2880)
    #expect(geometry.sectorNumber(cylinder: 79, head: 1, sector: 18) == 2879)
    for (cylinder, head, sector) in [(80, 0, 1), (0, 2, 1), (0, 0, 19), (0, 0, 0), (-1, 0, 1)] {
      #expect(geometry.sectorNumber(cylinder: cylinder, head: head, sector: sector) == nil)
    }
  }

  @Test("sectors are read by cylinder, head and sector")
  func readByCylinder() throws {
    var bench = try BIOSBench(disk: Self.disk(2880))
    let call = bench.call(0x13) {
      $0.ax = 0x0202
      $0.cx = 0x4F11
      $0.dx = 0x0100
      $0.bx = 0x9000
    }
    #expect(!call.carry && call.ax == 0x0002)
    #expect((bench.memory.word(0x9000), bench.memory.word(0x9200)) == (2878, 2879))
    let beyond = bench.call(0x13) {
      $0.ax = 0x0203
      $0.cx = 0x4F11
      $0.dx = 0x0100
      $0.bx = 0xA000
    }
    #expect(beyond.carry && beyond.ax == 0x0400)
    #expect(bench.memory.word(0xA000) == 0)
    #expect(bench.call(0x13) { $0.ah = 0x01 }.ah == 0x04)
  }

  @Test("extended calls address sectors by number, beyond what CHS has, too")
  func readByNumber() throws {
    var bench = try BIOSBench(disk: Self.disk(5000))
    func packet(_ count: UInt16, _ first: UInt64) {
      bench.memory.store(UInt16(0x10), at: 0x8000)
      bench.memory.store(count, at: 0x8002)
      bench.memory.store(UInt32(0x0900_0000), at: 0x8004)
      bench.memory.store(first, at: 0x8008)
    }
    #expect(
      bench.call(0x13) {
        $0.ah = 0x41
        $0.bx = 0x55AA
        $0.dl = 0x80
      }.bx == 0xAA55)
    packet(2, 4998)
    func read() -> BIOSCall {
      bench.call(0x13) {
        $0.ah = 0x42
        $0.dl = 0x80
        $0.si = 0x8000
      }
    }
    #expect(!read().carry)
    #expect((bench.memory.word(0x9000), bench.memory.word(0x9200)) == (4998, 4999))
    for (count, first) in [(3, 4998), (1, 5000), (1, .max), (1, 1 << 40), (0, 0), (128, 0)]
      as [(UInt16, UInt64)]
    {
      packet(count, first)
      let call = read()
      #expect(call.carry && call.ah == 0x01, "\(count) sectors at \(first)")
      #expect(bench.memory.word(0x8002) == 0)
    }
    bench.memory.store(UInt16(26), at: 0x8100)
    _ = bench.call(0x13) {
      $0.ah = 0x48
      $0.dl = 0x80
      $0.si = 0x8100
    }
    #expect(bench.memory.long(0x8110) == 5000)
  }

  @Test("a floppy has no extended calls, and says so without being counted as incomplete")
  func floppyExtensions() throws {
    var bench = try BIOSBench(disk: Self.disk(2880))
    let call = bench.call(0x13) {
      $0.ah = 0x41
      $0.bx = 0x55AA
    }
    #expect(call.carry && call.ah == 0x01 && call.bx == 0x55AA)
    #expect(!call.isUnsupported)
  }

  @Test("what is written is read again, and the image stays as it was")
  func overlay() throws {
    let original = Self.disk(2880)
    var bench = try BIOSBench(disk: original)
    bench.memory.store(UInt16(0xBEEF), at: 0x9000)
    let write = bench.call(0x13) {
      $0.ax = 0x0301
      $0.cx = 0x0002
      $0.bx = 0x9000
    }
    #expect(!write.carry)
    _ = bench.call(0x13) {
      $0.ax = 0x0203
      $0.cx = 0x0001
      $0.bx = 0xA000
    }
    #expect((bench.memory.word(0xA200), bench.memory.word(0xA400)) == (0xBEEF, 2))
    let disk = try #require(bench.services.image?.disk)
    #expect(try disk.read(1..<2).prefix(2) == [0xEF, 0xBE])
    bench.services.reset()
    #expect(try disk.read(1..<2).prefix(2) == [0xEF, 0xBE])
  }

  @Test("a buffer may reach beyond 1 MiB, as far as segments do")
  func highBuffer() throws {
    var bench = try BIOSBench(disk: Self.disk(2880))
    let call = bench.call(0x13) {
      $0.ax = 0x0201
      $0.cx = 0x0001
      $0.es = 0xFFFF
      $0.bx = 0xFFFF
    }
    #expect(!call.carry)
    #expect(bench.memory.byte(RealModeMemory.linear(0xFFFF, 0xFFFF) + 510) == 0x55)
  }

  @Test("the drives that do not exist say so")
  func otherDrives() throws {
    var bench = try BIOSBench(disk: Self.disk(2880))
    for drive in [0x01, 0x80, 0x81] as [UInt8] {
      #expect(
        bench.call(0x13) {
          $0.ax = 0x0201
          $0.cx = 1
          $0.dl = drive
        }.carry)
      #expect(
        bench.call(0x13) {
          $0.ah = 0x15
          $0.dl = drive
        }.ah == 0)
    }
    let floppy = bench.call(0x13) { $0.ah = 0x08 }
    #expect((floppy.cx, floppy.dh, floppy.bl) == (0x4F12, 1, 4))
  }

  @Test("an image that is no whole number of sectors, or no boot sector, is refused by name")
  func badImages() throws {
    for size in [511, 513, 1000, 1_474_561] {
      let error = #expect(throws: VMMError.self) {
        try BIOSImage(disk: ImageFile(name: "odd", bytes: [UInt8](repeating: 0, count: size)))
      }
      #expect(error?.kind == .image && error?.description.contains("\(size) bytes") == true)
    }
    let unsigned = #expect(throws: VMMError.self) {
      try BIOSImage(disk: ImageFile(name: "zero", bytes: [UInt8](repeating: 0, count: 512)))
    }
    #expect(unsigned?.description.contains("55 AA") == true)
    for size in [0, 0xFE01] {
      #expect(throws: VMMError.self) {
        try BIOSImage(program: ImageFile(name: "com", bytes: [UInt8](repeating: 0, count: size)))
      }
    }
  }
}
