import TestSupport
import Testing

@testable import VMM

@Suite struct ELFFileTests {
  private static func file(_ elf: ELFBytes) -> ImageFile {
    ImageFile(name: "kernel", bytes: elf.bytes)
  }

  private static func elf(_ change: (inout ELFBytes) -> Void) -> ELFBytes {
    var elf = ELFBytes()
    change(&elf)
    return elf
  }

  @Test("both classes", arguments: [false, true])
  func classes(is64: Bool) throws {
    var bytes = ELFBytes(is64: is64)
    bytes.entry = 0xC000_0004
    bytes.segments = [
      .init(offset: 0x1020, virtual: 0xD000_0000, physical: 0x30_0000, memorySize: 0x2000),
      .init(offset: 0x1000, virtual: 0xC000_0000, physical: 0x20_0000, fileSize: 8, memorySize: 32),
      .init(type: 0x6474_E551, physical: 0, memorySize: .max),
    ]
    let elf = try ELFFile(Self.file(bytes))
    #expect(elf.bits == (is64 ? 64 : 32))
    #expect(elf.segments.map(\.physicalAddress) == [0x20_0000, 0x30_0000])
    #expect(elf.segments.map(\.fileSize) == [8, 16])
    #expect(elf.placement.loadedRanges == [0x20_0000...0x20_001F, 0x30_0000...0x30_1FFF])
    #expect(try elf.physicalEntry() == 0x20_0004)
  }

  @Test("an entry is virtual where a segment has it, else physical")
  func entries() throws {
    var bytes = ELFBytes()
    bytes.segments = [.init(virtual: 0xFFFF_FFFF_8100_0000, physical: 0x100_0000)]
    bytes.entry = 0x100_0000
    #expect(try ELFFile(Self.file(bytes)).physicalEntry() == 0x100_0000)
    bytes.entry = 0xFFFF_FFFF_8100_000F
    #expect(try ELFFile(Self.file(bytes)).physicalEntry() == 0x100_000F)
    bytes.entry = 0xFFFF_FFFF_8100_0010
    let error = #expect(throws: VMMError.self) {
      try ELFFile(Self.file(bytes)).physicalEntry()
    }
    #expect(error?.description.contains("0xffffffff81000010 lies outside its segments") == true)
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    let words: String
    let elf: ELFBytes
    var cut: Int?

    init(_ words: String, cut: Int? = nil, _ change: (inout ELFBytes) -> Void = { _ in }) {
      self.words = words
      self.cut = cut
      elf = ELFFileTests.elf(change)
    }

    var testDescription: String { words }
    var file: ImageFile {
      ImageFile(name: "kernel", bytes: Array(elf.bytes.prefix(cut ?? .max)))
    }
  }

  static let broken = [
    Broken("no whole ELF header", cut: 10),
    Broken("no whole ELF header", cut: 63),
    Broken("program headers, at 0x40, lie beyond the file's end", cut: 64),
    Broken("segment 0 lies beyond the file's end: 16 bytes from 0x1000 of 4111", cut: 0x100F),
    Broken("class 3 is unknown") { $0.classByte = 3 },
    Broken("big-endian") { $0.dataByte = 2 },
    Broken("for AArch64") { $0.machine = 183 },
    Broken("for machine 999") { $0.machine = 999 },
    Broken("32-bit x86 in the 64-bit class") { $0.machine = 3 },
    Broken("x86-64 in the 32-bit class") {
      $0.is64 = false
      $0.machine = 62
    },
    Broken("object file") { $0.type = 1 },
    Broken("core dump") { $0.type = 4 },
    Broken("ELF type 65535") { $0.type = 0xFFFF },
    Broken("program for an operating system") {
      $0.type = 3
      $0.segments.append(.init(type: 3))
    },
    Broken("no program headers") { $0.programHeaderCount = 0 },
    Broken("more than 65534") { $0.programHeaderCount = 0xFFFF },
    Broken("lie beyond") { $0.programHeaderCount = 0xFFFE },
    Broken("lie beyond") { $0.programHeaders = .max },
    Broken("lie beyond") { $0.programHeaders = 0x1030 },
    Broken("have 55 bytes each") { $0.programHeaderSize = 55 },
    Broken("nothing to load") { $0.segments = [.init(type: 4)] },
    Broken("nothing to load") { $0.segments = [.init(fileSize: 0, memorySize: 0)] },
    Broken("segment 0 has 16 bytes in the file and only 15 in memory") {
      $0.segments[0].memorySize = 15
    },
    Broken("segment 0 lies beyond") { $0.segments[0].offset = .max },
    Broken("segment 0 lies beyond") {
      $0.segments[0].fileSize = .max
      $0.segments[0].memorySize = .max
    },
    Broken("wraps around") { $0.segments[0].memorySize = .max },
    Broken("wraps around") { $0.segments[0].physical = .max - 14 },
    Broken("segments at 0x100000 and 0x10000f overlap") {
      $0.segments.append(.init(physical: 0x10_000F))
    },
    Broken("segments at 0x100000 and 0x100000 overlap") { $0.segments.append(.init()) },
  ]

  @Test("a broken file is refused with what is wrong", arguments: broken)
  func refused(broken: Broken) throws {
    let error = #expect(throws: VMMError.self) { _ = try ELFFile(broken.file) }
    #expect(error?.kind == .image)
    #expect(error?.description.hasPrefix("image kernel: ") == true)
    #expect(error?.description.contains(broken.words) == true, "\(error?.description ?? "")")
  }

  @Test(
    "what does not fit in the machine is refused",
    arguments: [
      (0x3FF_FFF1, 16, "0x3fffff1 to 0x4000000 does not fit"),
      (0x10_0000, 1 << 32, "overlaps"),
      (0x1_0000_0000, 16, "does not fit"),
      (0xFFFF_FFFF_FFFF_0000, 16, "does not fit"),
      (0xE000_0000, 16, "overlaps the framebuffer at 0xe0000000"),
      (0xF_FFF8, 16, "overlaps the ACPI and MP tables"),
      (0x1000, 16, "overlaps the descriptor tables"),
      (0x6000, 16, "overlaps the boot-information block"),
      (0x1_0000, 16, "overlaps the page tables"),
    ] as [(UInt64, UInt64, String)])
  func tooLarge(physical: UInt64, size: UInt64, words: String) throws {
    var bytes = ELFBytes()
    bytes.segments[0].physical = physical
    bytes.segments[0].memorySize = size
    let image = try ELFImage(Self.file(bytes))
    let error = #expect(throws: VMMError.self) { try image.validate(memorySize: 64 << 20) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("RAM from 4 GiB up can be loaded into")
  func highRAM() throws {
    var bytes = ELFBytes()
    bytes.segments[0].physical = 0x1_0000_0000
    let image = try ELFImage(Self.file(bytes))
    #expect(throws: Never.self) { try image.validate(memorySize: 4 << 30) }
    #expect(throws: VMMError.self) { try image.validate(memorySize: 3 << 30) }
  }

  @Test("segments are read to where they belong, and nothing else")
  func loading() throws {
    var bytes = ELFBytes()
    bytes.content = (0..<64).map { UInt8($0) }
    bytes.segments = [
      .init(offset: 0x1001, physical: 0x10_0000, fileSize: 3, memorySize: 8),
      .init(offset: 0x1010, physical: 0x10_0008, fileSize: 2, memorySize: 2),
    ]
    let memory = try GuestMemory(size: 2 << 20)
    let elf = try ELFFile(Self.file(bytes))
    try elf.placement.load(elf.file, into: memory)
    #expect(memory.read(12, at: 0x10_0000) == [1, 2, 3, 0, 0, 0, 0, 0, 16, 17, 0, 0])
  }

  @Test("a note is found by owner and type, behind others")
  func notes() throws {
    var bytes = ELFBytes()
    bytes.segments.append(.init(type: 4, offset: 0x1000, fileSize: 68, memorySize: 68))
    bytes.content =
      MultibootBytes.words([5, 5, 18]) + Array("Xenon\0\0\0".utf8) + [1, 2, 3, 4, 5, 0, 0, 0]
      + MultibootBytes.words([4, 4, 17, 0x006E_6558, 0xBAD])
      + MultibootBytes.words([4, 4, 18, 0x006E_6558, 0x10_0008])
    let elf = try ELFFile(Self.file(bytes))
    #expect(try elf.pvhEntry() == 0x10_0008)
    #expect(try elf.note(owner: "Xen", type: 19) == nil)
    #expect(try elf.note(owner: "Xeno", type: 18) == nil)
  }

  @Test(
    "notes that lie are none",
    arguments: [
      [0xFFFF_FFFF, 4, 18, 0x006E_6558, 0], [4, 0xFFFF_FFFF, 18, 0x006E_6558, 0],
      [4, 5, 18, 0x006E_6558, 0], [4, 3, 18, 0x006E_6558, 0], [0, 0, 18], [4, 4],
    ] as [[UInt32]])
  func brokenNotes(words: [UInt32]) throws {
    var bytes = ELFBytes()
    bytes.content = MultibootBytes.words(words) + [UInt8](repeating: 0, count: 16)
    bytes.segments.append(
      .init(type: 4, offset: 0x1000, fileSize: UInt64(4 * words.count), memorySize: 64))
    #expect(try ELFFile(Self.file(bytes)).pvhEntry() == nil)
  }
}
