import Testing

@testable import VMM

@Suite struct MultibootImageTests {
  /// A flat kernel of 256 bytes with a header of version 1 at 16.
  private static func flat1(flags: UInt32 = 0x10003, _ fields: [UInt32]) -> ImageFile {
    var bytes = [UInt8](repeating: 0x90, count: 256)
    let header = MultibootBytes.version1(flags: flags, fields)
    bytes.replaceSubrange(16..<16 + header.count, with: header)
    return ImageFile(name: "kernel", bytes: bytes)
  }

  /// A flat kernel of 256 bytes with a header of version 2 at 16.
  private static func flat2(_ tags: [[UInt8]], architecture: UInt32 = 0) -> ImageFile {
    var bytes = [UInt8](repeating: 0x90, count: 256)
    let header = MultibootBytes.version2(architecture: architecture, tags)
    bytes.replaceSubrange(16..<16 + header.count, with: header)
    return ImageFile(name: "kernel", bytes: bytes)
  }

  private static func elf2(_ tags: [[UInt8]]) -> ImageFile {
    var elf = ELFBytes()
    elf.content = MultibootBytes.version2(tags) + [UInt8](repeating: 0, count: 64)
    return ImageFile(name: "kernel", bytes: elf.bytes)
  }

  typealias Segment = ImagePlacement.Segment

  @Test(
    "header addresses say what lies where",
    arguments: [
      // header, load, load end, bss end, entry
      (
        [0x10_0010, 0x10_0000, 0, 0, 0x10_0020],
        Segment(fileOffset: 0, fileSize: 256, address: 0x10_0000, memorySize: 256)
      ),
      (
        [0x10_0000, 0x10_0000, 0, 0, 0x10_0000],
        Segment(fileOffset: 16, fileSize: 240, address: 0x10_0000, memorySize: 240)
      ),
      (
        [0x10_0008, 0x10_0000, 0x10_0040, 0x10_1000, 0x10_0FFF],
        Segment(fileOffset: 8, fileSize: 64, address: 0x10_0000, memorySize: 4096)
      ),
      (
        [0x20_0010, 0xFFFF_FFFF, 0, 0, 0x20_0000],
        Segment(fileOffset: 0, fileSize: 256, address: 0x20_0000, memorySize: 256)
      ),
    ] as [([UInt32], Segment)])
  func addresses(fields: [UInt32], segment: Segment) throws {
    let one = try MultibootImage(version1: Self.flat1(fields))
    let two = try MultibootImage(
      version2: Self.flat2([
        MultibootBytes.tag(2, Array(fields.prefix(4))), MultibootBytes.tag(3, [fields[4]]),
      ]))
    for image in [one, two] {
      #expect(image.placement == ImagePlacement(segment))
      #expect(image.linkedEntry == GuestAddress(UInt64(fields[4])))
    }
  }

  @Test(
    "header addresses that cannot be are refused",
    arguments: [
      ([0x10_0010, 0x10_0011, 0, 0, 0x10_0020], "load address 0x100011 after its own"),
      ([0x10_0011, 0x10_0000, 0, 0, 0x10_0020], "1 bytes before the file's start"),
      ([0xF, 0xFFFF_FFFF, 0, 0, 0], "cannot be at 0xf"),
      ([0x10_0010, 0x10_0000, 0x10_0000, 0, 0x10_0000], "ends loading at 0x100000, before"),
      ([0x10_0010, 0x10_0000, 0x10_0101, 0, 0x10_0000], "has only 256"),
      ([0x10_0010, 0x10_0000, 0, 0x10_00FF, 0x10_0000], "ends the bss at 0x1000ff, before"),
      ([0x10_0010, 0x10_0000, 0, 0, 0x10_0100], "entry 0x100100 outside"),
      ([0x10_0010, 0x10_0000, 0, 0, 0xFFFFF], "entry 0xfffff outside"),
    ] as [([UInt32], String)])
  func impossible(fields: [UInt32], words: String) throws {
    let error = #expect(throws: VMMError.self) {
      try MultibootImage(version1: Self.flat1(fields))
    }
    #expect(error?.kind == .image)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("what a Multiboot 1 header requires and no loader knows is refused")
  func unknownFlags() throws {
    for bit in 3..<16 {
      let error = #expect(throws: VMMError.self) {
        try MultibootImage(
          version1: Self.flat1(flags: 1 << 16 | 1 << bit, [0x10_0010, 0x10_0000, 0, 0, 0x10_0010]))
      }
      #expect(error?.description.contains("flags 0x") == true)
    }
    // Bits 17 to 31 are for what a loader need not know.
    #expect(throws: Never.self) {
      try MultibootImage(
        version1: Self.flat1(flags: 0xFFFF_0000, [0x10_0010, 0x10_0000, 0, 0, 0x10_0010]))
    }
  }

  @Test("a header without addresses needs an ELF file around it")
  func noAddresses() throws {
    let error = #expect(throws: VMMError.self) {
      try MultibootImage(version1: Self.flat1(flags: 3, []))
    }
    #expect(error?.description.contains("no whole ELF header") == true)
    #expect(throws: VMMError.self) { try MultibootImage(version2: Self.flat2([])) }
    #expect(throws: Never.self) { try MultibootImage(version2: Self.elf2([])) }
  }

  @Test(
    "Multiboot 2 tags that cannot be are refused",
    arguments: [
      ([MultibootBytes.tag(22, [])], "tag 22, which no loader knows"),
      ([MultibootBytes.tag(1, [6, 22])], "information of type 22"),
      ([MultibootBytes.words([5, 4])], "tag 5 of its Multiboot 2 header has 4 bytes"),
      ([MultibootBytes.words([5, 0xFFFF_FFFF])], "has 4294967295 bytes and ends beyond it"),
      ([MultibootBytes.tag(5, [640])], "tag 5 of its Multiboot 2 header is too short"),
      ([MultibootBytes.tag(3, [])], "tag 3 of its Multiboot 2 header is too short"),
      ([MultibootBytes.tag(2, [0, 0, 0, 0])], "an address tag and no entry tag"),
      ([MultibootBytes.tag(3, [0xF_FFFF])], "entry 0xfffff lies outside its segments"),
      ([MultibootBytes.tag(10, [2, 1, 1, 0])], "makes no sense"),
      ([MultibootBytes.tag(10, [0, 1 << 30, 3, 0])], "makes no sense"),
      ([MultibootBytes.tag(10, [0, 1 << 30, 1, 3])], "makes no sense"),
    ] as [([[UInt8]], String)])
  func impossibleTags(tags: [[UInt8]], words: String) throws {
    let error = #expect(throws: VMMError.self) {
      try MultibootImage(version2: Self.elf2(tags))
    }
    #expect(error?.kind == .image)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("what is optional, or means nothing on this machine, is passed over")
  func ignoredTags() throws {
    let image = try MultibootImage(
      version2: Self.elf2([
        MultibootBytes.tag(22, optional: true, []), MultibootBytes.tag(1, optional: true, [22]),
        MultibootBytes.tag(6, []), MultibootBytes.tag(7, []), MultibootBytes.tag(8, [0]),
        MultibootBytes.tag(9, [0]), MultibootBytes.tag(3, [0x10_0008]),
      ]))
    #expect(image.linkedEntry == 0x10_0008)
  }

  @Test("a header for another machine is refused")
  func architecture() throws {
    let error = #expect(throws: VMMError.self) {
      try MultibootImage(version2: Self.flat2([], architecture: 4))
    }
    #expect(error?.description.contains("is for MIPS") == true)
  }

  @Test("a header that is longer than the file is refused")
  func cutHeader() throws {
    let bytes = MultibootBytes.version2(length: 4096)
    let error = #expect(throws: VMMError.self) {
      try MultibootImage(version2: ImageFile(name: "kernel", bytes: bytes))
    }
    #expect(error?.description.contains("has 4096 bytes at 0x0") == true)
  }

  @Test(
    "a video mode is the nearest that there is",
    arguments: [
      (800, 600, 32, "800x600x32"), (0, 0, 0, "1024x768x32"), (640, 480, 8, "640x480x8"),
      (640, 480, 4, "640x480x8"), (640, 480, 12, "640x480x15"), (640, 480, 30, "640x480x32"),
      (640, 480, 64, "640x480x32"), (1, 1, 16, "1x1x16"), (.max, 1, 32, "16000x1x32"),
      // More than the largest video memory.
      (.max, .max, 32, "1024x768x32"),
    ] as [(UInt32, UInt32, UInt32, String)])
  func videoModes(width: UInt32, height: UInt32, depth: UInt32, expected: String) throws {
    let image = try MultibootImage(
      version2: Self.elf2([MultibootBytes.tag(5, [width, height, depth])]))
    var configuration = MachineConfiguration()
    #expect(try image.adapted(configuration).framebuffer?.description == expected)
    configuration.isFramebufferNegotiable = false
    #expect(try image.adapted(configuration).framebuffer == configuration.framebuffer)
    configuration.framebuffer = nil
    #expect(try image.adapted(configuration).framebuffer == nil)
  }

  @Test("a console that is required needs a framebuffer")
  func console() throws {
    var configuration = MachineConfiguration()
    configuration.framebuffer = nil
    let requiring = try MultibootImage(version2: Self.elf2([MultibootBytes.tag(4, [3])]))
    let error = #expect(throws: VMMError.self) { try requiring.adapted(configuration) }
    #expect(error?.description.contains("requires a console") == true)
    let content = try MultibootImage(version2: Self.elf2([MultibootBytes.tag(4, [2])]))
    #expect(throws: Never.self) { try content.adapted(configuration) }
  }

  @Test(
    "a kernel that can be moved lies where it wants to",
    arguments: [
      // lowest, highest, alignment, preference, expected start
      (0, 0xFFFF_FFFF, 1, 0, 0x10_0000),
      (0x20_0000, 0xFFFF_FFFF, 1, 0, 0x20_0000),
      (0, 0xFFFF_FFFF, 0x40_0000, 0, 0x40_0000),
      (0x12_3456, 0xFFFF_FFFF, 0x1000, 1, 0x12_4000),
      (0, 0xFFFF_FFFF, 0x1000, 2, 0x3FF_F000),
      (0, 0x20_0FFF, 0x1000, 2, 0x20_0000),
    ] as [(UInt32, UInt32, UInt32, UInt32, UInt64)])
  func relocation(
    lowest: UInt32, highest: UInt32, alignment: UInt32, preference: UInt32, expected: UInt64
  ) throws {
    let image = try MultibootImage(
      version2: Self.elf2([
        MultibootBytes.tag(3, [0x10_0004]),
        MultibootBytes.tag(10, [lowest, highest, alignment, preference]),
      ]))
    let layout = try MultibootLayout(image, memorySize: 64 << 20)
    #expect(layout.placement.start == GuestAddress(expected))
    #expect(layout.entry == GuestAddress(expected + 4))
  }

  @Test("modules go behind the kernel, or below one that wants to be where RAM ends")
  func modulesBelow() throws {
    let module = BootModule(
      ImageFile(name: "module", bytes: [UInt8](repeating: 0, count: 1 << 20)))
    for (preference, expected) in [
      (UInt32(1), [0x10_1000, 0x20_1000]), (2, [0x10_0000, 0x20_0000]),
    ] {
      let image = try MultibootImage(
        version2: Self.elf2([MultibootBytes.tag(10, [0x10_0000, 0xFFFF_FFFF, 0x1000, preference])]),
        modules: [module, module])
      let layout = try MultibootLayout(image, memorySize: 64 << 20)
      #expect(layout.modules.map { Int($0.rawValue) } == expected)
    }
  }

  @Test("a kernel that cannot be moved far enough is refused")
  func noPlace() throws {
    let image = try MultibootImage(
      version2: Self.elf2([MultibootBytes.tag(10, [0x1000_0000, 0x2000_0000, 1, 0])]))
    let error = #expect(throws: VMMError.self) { try image.validate(memorySize: 64 << 20) }
    #expect(error?.description.contains("raise --memory") == true)
  }

  @Test("modules that do not fit, and empty ones, are refused")
  func badModules() throws {
    for (size, words) in [(2 << 20, "raise --memory"), (0, "is empty")] {
      let module = BootModule(
        ImageFile(name: "module", bytes: [UInt8](repeating: 0, count: size)))
      let image = try MultibootImage(version2: Self.elf2([]), modules: [module])
      let error = #expect(throws: VMMError.self) { try image.validate(memorySize: 2 << 20) }
      #expect(error?.description.hasPrefix("module module: ") == true)
      #expect(error?.description.contains(words) == true)
    }
  }
}

@Suite struct FreeMemoryTests {
  @Test("what is taken is free no more, and nothing lies outside")
  func taking() {
    var free = FreeMemory(memorySize: 4 << 20, taken: [0x10_0000...0x1F_FFFF])
    #expect(free.take(1, within: 0x9000...0x7_FFFF) == 0x9000)
    #expect(free.take(0x1000, alignment: 1, within: 0x9000...0x7_FFFF) == 0x9001)
    #expect(free.take(0, within: 0...0xFFFF_FFFF) == 0x1000)
    #expect(free.take(0x10_0000, within: 0...0xFFFF_FFFF) == 0x20_0000)
    #expect(free.take(0x10_0001, within: 0...0xFFFF_FFFF) == nil)
    #expect(free.takeHighest(0x10_0000, alignment: 1, within: 0...0xFFFF_FFFF) == 0x30_0000)
    #expect(free.take(0x10_0000, within: 0...0xFFFF_FFFF) == nil)
    #expect(free.take(.max, within: 0...(.max)) == nil)
    #expect(free.takeHighest(.max, alignment: 4096, within: 0...(.max)) == nil)
    #expect(free.take(1, alignment: 1 << 63, within: 0...(.max)) == nil)
    #expect(free.takeHighest(1, alignment: 4096, within: 0...0xFFF) == nil)
    #expect(free.takeHighest(1, alignment: 1, within: 0...0x9_FFFF) == 0x9_FBFF)
  }
}
