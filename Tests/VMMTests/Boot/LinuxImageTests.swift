import Display
import TestSupport
import Testing

@testable import VMM

@Suite struct LinuxImageTests {
  @Test("a kernel with a 64-bit entry, where it wants to be")
  func longMode() throws {
    let image = try LinuxImage(BzImage().file)
    #expect(image.mode == .long)
    #expect(image.loadAddress == 0x100_0000)
    #expect(image.entry == 0x100_0200)
    #expect(image.header.versionText == "2.15")
    #expect(image.header.kernelVersion == "6.1.0-test (builder)")
    #expect(image.header.setupSize == 1024)
    #expect(image.header.kernelSize == 0x300)
    #expect(image.header.maximumCommandLine == 255)
  }

  @Test("a kernel that cannot be loaded elsewhere is loaded at 1 MiB, and entered where it says")
  func fixed() throws {
    let kernel = BzImage.with {
      $0.isRelocatable = false
      $0.extendedLoadFlags = 0
      $0.code32Start = 0x10_0010
    }
    let image = try LinuxImage(kernel.file)
    #expect(image.mode == .protected)
    #expect(image.loadAddress == 0x10_0000)
    #expect(image.entry == 0x10_0010)
    // It moves to 16 MiB and uses 2 MiB there.
    try image.validate(memorySize: 18 << 20)
    #expect(throws: VMMError.self) { try image.validate(memorySize: 17 << 20) }
  }

  @Test("an old kernel says neither where it wants to be nor what it needs")
  func old() throws {
    let kernel = BzImage.with {
      $0.version = 0x0206
      $0.jump = 0x3A
      $0.preferredAddress = .max
      $0.initSize = .max
    }
    let image = try LinuxImage(kernel.file)
    #expect(image.mode == .protected)
    #expect(image.loadAddress == 0x10_0000)
    try image.validate(memorySize: 2 << 20)
  }

  @Test("a count of setup sectors of 0 means 4")
  func noSectors() throws {
    let image = try LinuxImage(BzImage.with { $0.setupSectors = 0 }.file)
    #expect(image.header.setupSize == 5 * 512)
  }

  @Test("a signature behind the kernel is not loaded, and an incomplete last paragraph is no error")
  func tail() throws {
    let signed = BzImage.with {
      $0.paragraphs = 0x30
      $0.kernel += [UInt8](repeating: 0xEE, count: 100)
    }
    #expect(try LinuxImage(signed.file).header.kernelSize == 0x300)
    let odd = BzImage.with { $0.kernel.append(0x90) }
    #expect(try LinuxImage(odd.file).header.kernelSize == 0x301)
  }

  @Test("what a terminal cannot show ends the version string")
  func versionString() throws {
    let escape = BzImage.with { $0.kernelVersion = "6.1\u{1B}[2J" }
    #expect(try LinuxImage(escape.file).header.kernelVersion == "6.1")
    for offset in [0, 0x200, .max] as [UInt16] {
      let lying = BzImage.with { $0.kernelVersionOffset = offset }
      #expect(try LinuxImage(lying.file).header.kernelVersion == nil)
    }
  }

  /// A kernel, the machine, and what the refusal must say.
  struct Refusal: Sendable, CustomTestStringConvertible {
    var mode: CPUMode?
    var memory: UInt64 = 64 << 20
    var initrdSize = 0
    var size = Int.max
    let words: [String]
    var change: @Sendable (inout BzImage) -> Void = { _ in }

    var testDescription: String { words.joined(separator: ", ") }
  }

  @Test(
    "what cannot be is refused before the machine is built",
    arguments: [
      Refusal(size: 0x200, words: ["setup header"]),
      Refusal(size: 0x230, words: ["setup header"]),
      Refusal(size: 0x250, words: ["ends at 0x26c", "complete"]),
      Refusal(words: ["setup header"]) { $0.bootFlag = 0xAA54 },
      Refusal(words: ["setup header"]) { $0.signature = "HdrT" },
      Refusal(words: ["2.05", "2.06"]) { $0.version = 0x0205 },
      Refusal(words: ["0x202", "2.15"]) { $0.jump = 0 },
      Refusal(words: ["0x263", "2.15"]) { $0.jump = 0x61 },
      Refusal(words: ["zImage"]) { $0.loadFlags = 0 },
      Refusal(size: 1024, words: ["1024 bytes of setup code", "1024"]),
      Refusal(words: ["131072 bytes of setup code"]) {
        $0.setupSectors = 255
        $0.kernel = []
      },
      Refusal(size: 1024 + 0x2F0, words: ["768 bytes of kernel", "752", "complete"]),
      Refusal(words: ["68719476720 bytes of kernel"]) { $0.paragraphs = .max },
      Refusal(words: ["0 bytes of kernel"]) { $0.paragraphs = 0 },
      Refusal(words: ["no room for the 64-bit entry"]) { $0.kernel = [0x90] },
      Refusal(words: ["loaded at 0x0"]) { $0.preferredAddress = 0 },
      Refusal(words: ["loaded at 0xff000"]) { $0.preferredAddress = 0xF_F000 },
      Refusal(words: ["loaded at 0xffffffffffffffff"]) { $0.preferredAddress = .max },
      Refusal(mode: .protected, words: ["entry 0xffffff", "outside"]) {
        $0.isRelocatable = false
        $0.code32Start = 0xFF_FFFF
      },
      Refusal(memory: 17 << 20, words: ["0x1200000", "0x1100000", "raise --memory to 18M"]),
      Refusal(words: ["0x100ffffff", "no machine"]) { $0.initSize = .max },
      Refusal(mode: .real, words: ["mode real", "BIOS"]),
      Refusal(mode: .long, words: ["mode long", "no 64-bit entry"]) { $0.extendedLoadFlags = 0 },
      Refusal(
        memory: 18 << 20, initrdSize: 1, words: ["initrd", "1 bytes", "raise --memory to 19M"]),
      Refusal(
        memory: 20 << 20, initrdSize: 2 << 20 | 1, words: ["initrd", "raise --memory to 21M"]),
      Refusal(initrdSize: 0x1000, words: ["initrd", "0x1200000", "smaller"]) {
        $0.initrdAddressMax = 0x120_0FFE
      },
      Refusal(initrdSize: 1, words: ["initrd", "smaller"]) { $0.initrdAddressMax = 0 },
    ])
  func refusals(refusal: Refusal) throws {
    let bytes = BzImage.with(refusal.change).bytes.prefix(refusal.size)
    let error = #expect(throws: VMMError.self) {
      let image = try LinuxImage(
        ImageFile(name: "vmlinuz", bytes: Array(bytes)), mode: refusal.mode,
        initrd: refusal.initrdSize == 0
          ? nil
          : ImageFile(name: "initrd.img", bytes: [UInt8](repeating: 1, count: refusal.initrdSize)))
      try image.validate(memorySize: refusal.memory)
    }
    let text = try #require(error).description
    for word in refusal.words { #expect(text.contains(word), "\(text)") }
  }

  @Test("the initrd lies as high as memory and the kernel allow, page-aligned")
  func initrdAddress() throws {
    let initrd = ImageFile(name: "initrd.img", bytes: [UInt8](repeating: 1, count: 0x1001))
    func address(_ memory: UInt64, max: UInt32 = 0x7FFF_FFFF) throws -> GuestAddress? {
      try LinuxImage(BzImage.with { $0.initrdAddressMax = max }.file, initrd: initrd)
        .initrdAddress(memoryBelow4GiB: memory)
    }
    #expect(try address(64 << 20) == 0x3FF_E000)
    #expect(try address(0xC000_0000) == 0x7FFF_E000)
    #expect(try address(0xC000_0000, max: .max) == 0xBFFF_E000)
    #expect(try address(64 << 20, max: 0x1FF_FFFF) == 0x1FF_E000)
    // One that just fits behind the kernel.
    #expect(try address((18 << 20) + 0x2000) == 0x120_0000)
    #expect(try LinuxImage(BzImage().file).initrdAddress(memoryBelow4GiB: 64 << 20) == nil)
  }

  @Test("a command line is as long as the kernel takes at most")
  func commandLine() throws {
    let image = try LinuxImage(BzImage().file)
    var configuration = MachineConfiguration()
    configuration.commandLine = String(repeating: "x", count: 255)
    _ = try image.adapted(configuration)
    configuration.commandLine.append("x")
    let error = #expect(throws: VMMError.self) { try image.adapted(configuration) }
    #expect(error?.kind == .usage)
    #expect(try #require(error).description.contains("256 bytes are more than the 255"))
  }

  @Test("whatever is changed in a kernel's header, it is refused or fits", arguments: 0..<8)
  func mutations(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let original = BzImage().bytes
    let initrd = ImageFile(name: "initrd.img", bytes: [1, 2, 3])
    let memory = try GuestMemory(size: 32 << 20)
    var booted = 0
    for round in 0..<400 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let value = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
        bytes[Int.random(in: 0x1F1..<0x270, using: &random)] =
          value.randomElement(using: &random) ?? 0
      }
      if Bool.random(using: &random), round % 4 == 0 {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      }
      let file = ImageFile(name: "vmlinuz", bytes: bytes)
      do throws(VMMError) {
        let image = try LinuxImage(file, initrd: initrd)
        try image.validate(memorySize: UInt64(memory.size))
        try LinuxLoader(image: image).load(
          into: memory, of: .test(memorySize: UInt64(memory.size)))
        booted += 1
      } catch {
        #expect(
          error.description.hasPrefix("image vmlinuz: ")
            || error.description.hasPrefix("initrd initrd.img: ")
            || error.kind == .usage, "seed \(seed), round \(round): \(error)")
      }
    }
    #expect(booted > 0, "seed \(seed)")
  }
}

extension Platform {
  /// A machine with so much RAM below 4 GiB and little else.
  static func test(
    memorySize: UInt64 = 64 << 20, above4GiB: UInt64 = 0, commandLine: String = "",
    framebuffer: (mode: DisplayMode, videoMemorySize: Int)? = nil,
    textScreen: TextScreenSize? = nil
  ) -> Platform {
    Platform(
      memoryBelow4GiB: memorySize, memoryAbove4GiB: above4GiB, framebuffer: framebuffer,
      cpuCount: 1, commandLine: commandLine, textScreen: textScreen)
  }
}

extension TextScreenSize {
  static let vga = TextScreenSize(columns: 80, rows: 25, characterHeight: 16)
}
