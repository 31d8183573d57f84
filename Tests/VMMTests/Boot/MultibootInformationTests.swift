import Display
import KVM
import Testing

@testable import VMM

/// The boot information as a kernel reads it, by readers of the tests' own.
@Suite struct MultibootInformationTests {
  private static let symbols = Array("\0main\0".utf8)

  /// A loaded kernel: its memory and what EBX says.
  private struct Loaded {
    let memory: GuestMemory
    let information: UInt64
    let magic: UInt64

    func word(_ address: UInt64) -> UInt32 {
      (memory.read(4, at: GuestAddress(address)) ?? []).littleEndian(UInt32.self, at: 0) ?? 0
    }

    func bytes(_ count: Int, at address: UInt64) -> [UInt8] {
      memory.read(count, at: GuestAddress(address)) ?? []
    }

    func text(_ address: UInt64) -> String {
      var text: [UInt8] = []
      while let byte = bytes(1, at: address + UInt64(text.count)).first, byte != 0 {
        text.append(byte)
      }
      return String(decoding: text, as: UTF8.self)
    }

    /// The tags of version 2, by type, in order; each with the address of its content and its size.
    func tags() -> [(type: UInt32, content: UInt64, size: Int)] {
      var tags: [(UInt32, UInt64, Int)] = []
      let end = information + UInt64(word(information))
      var address = information + 8
      while address < end {
        let size = word(address + 4)
        tags.append((word(address), address + 8, Int(size) - 8))
        if word(address) == 0 { break }
        address += UInt64((size + 7) & ~7)
      }
      return tags
    }
  }

  private func load(
    version: Int, is64: Bool = true, format: PixelFormat? = .xrgb8888, modules: [BootModule] = [],
    stride: Int = 4096, textScreen: TextScreenSize? = nil,
    commandLine: String = "a=1 b", memorySize: Int = 8 << 20, tags: [[UInt8]] = []
  ) throws -> Loaded {
    var elf = ELFBytes(is64: is64)
    let header =
      version == 1 ? MultibootBytes.version1(flags: 3) : MultibootBytes.version2(tags)
    elf.content = header + [UInt8](repeating: 0, count: 128 - header.count) + Self.symbols
    elf.sections = [
      .init(type: 0, offset: 0, size: 0), .init(type: 1, address: 0x10_0000),
      .init(type: 3, offset: 0x1080, size: UInt64(Self.symbols.count)),
    ]
    let file = ImageFile(name: "/boot/kernel", bytes: elf.bytes)
    let image =
      version == 1
      ? try MultibootImage(version1: file, modules: modules)
      : try MultibootImage(version2: file, modules: modules)
    let memory = try GuestMemory(size: memorySize)
    let loader = try MultibootLoader(image, memorySize: UInt64(memorySize))
    let mode = format.flatMap {
      DisplayMode(
        width: 640, height: 480, format: $0, stride: stride, startOffset: 0,
        videoMemorySize: 16 << 20)
    }
    _ = memory.write(Array((0..<36).map { UInt8($0) }), at: FirmwareTables.start)
    try loader.load(
      into: memory,
      of: Platform(
        memory, framebuffer: mode.map { ($0, 16 << 20) }, cpuCount: 1, commandLine: commandLine,
        textScreen: textScreen))
    var registers = Registers()
    var special = SpecialRegisters()
    loader.enter(&registers, &special)
    #expect(registers.rip == 0x10_0000)
    #expect(special.cr0 == 0x11)
    #expect(special.cs.db == 1 && special.cs.limit == 0xFFFF_FFFF && special.cs.base == 0)
    #expect(special.ss.limit == 0xFFFF_FFFF && special.ss.base == 0)
    return Loaded(memory: memory, information: registers.rbx, magic: registers.rax)
  }

  private static let modules = [
    BootModule(ImageFile(name: "/tmp/first", bytes: [1, 2, 3])),
    BootModule(
      ImageFile(name: "second", bytes: [UInt8](repeating: 9, count: 5000)), arguments: "x y"),
  ]

  @Test("version 1 tells memory, names, modules, symbols and the screen", arguments: [true, false])
  func version1(is64: Bool) throws {
    let loaded = try load(version: 1, is64: is64, modules: Self.modules)
    let info = loaded.information
    #expect(loaded.magic == 0x2BAD_B002)
    #expect(info >= 0x9000 && info < 0x8_0000)
    #expect(loaded.word(info) == 0b1_0010_0110_1101)
    #expect(loaded.word(info + 4) == 639)
    #expect(loaded.word(info + 8) == 7 << 10)
    #expect(loaded.text(UInt64(loaded.word(info + 16))) == "kernel a=1 b")
    #expect(loaded.text(UInt64(loaded.word(info + 64))) == "Scanline")

    #expect(loaded.word(info + 20) == 2)
    let list = UInt64(loaded.word(info + 24))
    let first = (loaded.word(list), loaded.word(list + 4))
    let second = (loaded.word(list + 16), loaded.word(list + 20))
    #expect(first.0 >= 0x10_1000 && first.0 % 4096 == 0 && first.1 - first.0 == 3)
    #expect(second.0 >= first.1 && second.0 % 4096 == 0 && second.1 - second.0 == 5000)
    #expect(loaded.bytes(4, at: UInt64(first.0)) == [1, 2, 3, 0])
    #expect(loaded.bytes(5000, at: UInt64(second.0)) == [UInt8](repeating: 9, count: 5000))
    #expect(loaded.text(UInt64(loaded.word(list + 8))) == "first")
    #expect(loaded.text(UInt64(loaded.word(list + 24))) == "x y")

    #expect(loaded.word(info + 28) == 3)
    #expect(loaded.word(info + 32) == (is64 ? 64 : 40))
    let headers = UInt64(loaded.word(info + 36))
    let strings = UInt64(loaded.word(headers + (is64 ? 2 * 64 + 16 : 2 * 40 + 12)))
    #expect(strings > 0x10_0000)
    #expect(loaded.bytes(Self.symbols.count, at: strings) == Self.symbols)

    #expect(loaded.bytes(8, at: info + 88) == [0, 0, 0, 0xE0, 0, 0, 0, 0])
    #expect(loaded.word(info + 96) == 4096)
    #expect(loaded.word(info + 100) == 640)
    #expect(loaded.word(info + 104) == 480)
    #expect(loaded.bytes(10, at: info + 108) == [32, 1, 0, 0, 16, 8, 8, 8, 0, 8])
  }

  @Test("version 1 has the palette, where there is one")
  func palette() throws {
    let loaded = try load(version: 1, format: .indexed8)
    let info = loaded.information
    #expect(loaded.bytes(2, at: info + 108) == [8, 0])
    #expect(loaded.bytes(2, at: info + 116) == [0, 1])
    // The default palette of a VGA: black, blue, ..., white.
    let palette = loaded.bytes(768, at: UInt64(loaded.word(info + 112)))
    #expect(palette.prefix(6) == [0, 0, 0, 0, 0, 170])
    #expect(palette[45..<48] == [255, 255, 255])
  }

  @Test("without framebuffer, modules and command line there is nothing of them")
  func bare() throws {
    let one = try load(version: 1, format: nil, commandLine: "")
    #expect(one.word(one.information) & (1 << 12 | 1 << 3) == 0)
    #expect(one.text(UInt64(one.word(one.information + 16))) == "kernel")
    let two = try load(version: 2, format: nil, commandLine: "")
    #expect(two.tags().map(\.type) == [1, 2, 4, 6, 9, 14, 15, 0])
  }

  @Test("a screen of characters is a framebuffer of type 2")
  func textScreen() throws {
    let one = try load(version: 1, format: nil, textScreen: .vga)
    let info = one.information
    #expect(one.word(info) & (1 << 11 | 1 << 12) == 1 << 12)
    #expect(one.bytes(8, at: info + 88) == [0, 0x80, 0x0B, 0, 0, 0, 0, 0])
    #expect(one.word(info + 96) == 160)
    #expect((one.word(info + 100), one.word(info + 104)) == (80, 25))
    #expect(one.bytes(8, at: info + 108) == [16, 2, 0, 0, 0, 0, 0, 0])

    let two = try load(
      version: 2, format: nil, textScreen: TextScreenSize(columns: 80, rows: 50, characterHeight: 8)
    )
    let tag = try #require(two.tags().first { $0.type == 8 })
    #expect(
      two.bytes(tag.size, at: tag.content)
        == MultibootBytes.words([0xB_8000, 0, 160, 80, 50]) + [16, 2, 0, 0])
  }

  @Test("what VBE tells of the mode is told by both versions, if VBE has a number for it")
  func vbe() throws {
    let one = try load(version: 1, format: .rgb565, stride: 1280)
    let info = one.information
    #expect(one.word(info) & 1 << 11 != 0)
    let controller = one.word(info + 72)
    let block = one.bytes(512, at: UInt64(controller))
    #expect(block.prefix(6).elementsEqual(Array("VESA".utf8) + [0, 2]))
    func linear(_ offset: Int) -> UInt64? {
      guard let pointer = block.littleEndian(UInt32.self, at: offset) else { return nil }
      return UInt64(pointer >> 16) * 16 + UInt64(pointer & 0xFFFF)
    }
    #expect(one.text(try #require(linear(6))) == "Scanline")
    #expect(linear(14) == UInt64(controller) + 34)
    // The list has the mode, and an end.
    let list = stride(from: 34, to: 512, by: 2).compactMap {
      block.littleEndian(UInt16.self, at: $0)
    }
    let modes = try #require(list.split(separator: 0xFFFF, omittingEmptySubsequences: false).first)
    #expect(modes.contains(0x111) && modes.count < 100)
    #expect(one.bytes(8, at: info + 80) == [0x11, 0x41, 0, 0, 0, 0, 0, 0])
    let mode = one.bytes(256, at: UInt64(one.word(info + 76)))
    #expect(mode[16..<22].elementsEqual([0, 5, 128, 2, 224, 1]))
    #expect(mode[25] == 16)
    #expect(mode[40..<44].elementsEqual([0, 0, 0, 0xE0]))

    let two = try load(version: 2, format: .rgb565, stride: 1280)
    let tag = try #require(two.tags().first { $0.type == 7 })
    #expect(tag.size == 776)
    #expect(two.bytes(8, at: tag.content) == [0x11, 0x41, 0, 0, 0, 0, 0, 0])
    #expect(two.bytes(256, at: tag.content + 8 + 512) == mode)
    let other = two.bytes(512, at: tag.content + 8)
    #expect(other[34...] == block[34...])
    #expect(other.littleEndian(UInt16.self, at: 6).map(UInt64.init) == (tag.content + 8) & 0xF)

    #expect(try load(version: 2).tags().allSatisfy { $0.type != 7 })
  }

  @Test("the BIOS data area says where conventional memory ends, and what the screen is")
  func biosDataArea() throws {
    let loaded = try load(version: 2, format: nil, textScreen: .vga)
    #expect(loaded.bytes(2, at: 0x40E) == [0xC0, 0x9F])
    #expect(loaded.bytes(2, at: 0x413) == [0x7F, 0x02])
    #expect(loaded.bytes(1, at: 0x9_FC00) == [1])
    #expect(loaded.bytes(3, at: 0x449) == [3, 80, 0])
    #expect(loaded.bytes(2, at: 0x463) == [0xD4, 0x03])
    #expect(loaded.bytes(1, at: 0x484) == [24])
    #expect(try load(version: 1).bytes(3, at: 0x449) == [0, 0, 0])
  }

  @Test("the memory map of both versions is the same, and covers RAM")
  func memoryMap() throws {
    let one = try load(version: 1)
    var ranges: [[UInt8]] = []
    var entry = UInt64(one.word(one.information + 48))
    let end = entry + UInt64(one.word(one.information + 44))
    while entry < end {
      #expect(one.word(entry) == 20)
      ranges.append(one.bytes(20, at: entry + 4))
      entry += 24
    }
    let two = try load(version: 2)
    let map = try #require(two.tags().first { $0.type == 6 })
    #expect(two.word(map.content) == 24)
    #expect(two.word(map.content + 4) == 0)
    let others = (0..<(map.size - 8) / 24).map {
      two.bytes(20, at: map.content + 8 + UInt64(24 * $0))
    }
    #expect(ranges == others)
    #expect(ranges.contains(MultibootBytes.words([0x10_0000, 0, 7 << 20, 0, 1])))
  }

  @Test("version 2 tells the same in tags, each at a multiple of 8")
  func version2() throws {
    let loaded = try load(
      version: 2, format: .rgb565, modules: Self.modules,
      tags: [MultibootBytes.tag(10, [0, .max, 1, 0])])
    #expect(loaded.magic == 0x36D7_6289)
    #expect(loaded.information % 8 == 0)
    let tags = loaded.tags()
    #expect(tags.map(\.type) == [1, 2, 3, 3, 4, 6, 8, 9, 14, 15, 21, 0])
    #expect(tags.allSatisfy { $0.content % 8 == 0 })
    let size = UInt64(loaded.word(loaded.information))
    #expect(tags.last.map { $0.content == loaded.information + size } == true)

    #expect(loaded.text(tags[0].content) == "a=1 b")
    #expect(loaded.text(tags[1].content) == "Scanline")
    let first = UInt64(loaded.word(tags[2].content))
    #expect(loaded.word(tags[2].content + 4) == UInt32(first) + 3)
    #expect(loaded.bytes(3, at: first) == [1, 2, 3])
    #expect(loaded.text(tags[2].content + 8) == "first")
    #expect(loaded.text(tags[3].content + 8) == "x y")
    #expect(loaded.bytes(8, at: tags[4].content) == MultibootBytes.words([639, 7 << 10]))
    #expect(
      loaded.bytes(tags[6].size, at: tags[6].content)
        == MultibootBytes.words([0xE000_0000, 0, 4096, 640, 480]) + [
          16, 1, 0, 0, 11, 5, 5, 6, 0, 5,
        ])
    #expect(loaded.bytes(12, at: tags[7].content) == MultibootBytes.words([3, 64, 0]))
    #expect(tags[7].size == 12 + 3 * 64)
    #expect(loaded.bytes(tags[8].size, at: tags[8].content) == (0..<20).map { UInt8($0) })
    #expect(loaded.bytes(tags[9].size, at: tags[9].content) == (0..<36).map { UInt8($0) })
    #expect(loaded.word(tags[10].content) == 0x10_0000)
  }

  @Test("the longest command line, and a kernel in the usual place of the information, have room")
  func crowded() throws {
    let line = String(repeating: "y", count: BootInformation.maximumCommandLine)
    let loaded = try load(version: 2, format: .indexed8, modules: Self.modules, commandLine: line)
    #expect(loaded.text(loaded.tags()[0].content) == line)

    var elf = ELFBytes()
    elf.content = MultibootBytes.version2() + [UInt8](repeating: 0, count: 64)
    elf.segments.append(.init(physical: 0x8000, memorySize: 0x7_9000))
    let image = try MultibootImage(version2: ImageFile(name: "kernel", bytes: elf.bytes))
    let layout = try MultibootLayout(image, memorySize: 2 << 20)
    #expect(layout.information == 0x1000)
  }
}
