import Testing

@testable import VMM

@Suite struct ImageKindTests {
  private static func image(_ size: Int, _ parts: [Int: [UInt8]]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0x90, count: size)
    for (offset, part) in parts { bytes.replaceSubrange(offset..<offset + part.count, with: part) }
    return bytes
  }

  private static let hdrS = Array("HdrS".utf8)
  private static let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
  private static let bootSector: [UInt8] = [0x55, 0xAA]
  private static let multiboot1 = MultibootBytes.version1(flags: 3)
  private static let multiboot2 = MultibootBytes.version2()

  @Test(
    "the content says what an image is",
    arguments: [
      ([0xF4], .flat),
      (image(512, [:]), .flat),
      (image(512, [510: bootSector]), .bootSector),
      (image(513, [510: bootSector]), .bootSector),
      (image(1_474_560, [510: bootSector]), .bootSector),
      (image(511, [509: bootSector]), .flat),
      (image(512, [510: [0xAA, 0x55]]), .flat),
      (image(64, [0: elf + [1]]), .elf(bits: 32)),
      (image(64, [0: elf + [2]]), .elf(bits: 64)),
      (elf, .elf(bits: 32)),
      ([0x7F, 0x45, 0x4C], .flat),
      (image(2048, [0x202: hdrS]), .linux),
      (image(0x204, [0x202: [0x48, 0x64]]), .flat),
      (image(64, [0: Array("MZ".utf8)]), .portableExecutable),
      ([0x1F, 0x8B, 8], .compressed("gzip")),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .compressed("xz")),
      ([0x28, 0xB5, 0x2F, 0xFD], .compressed("zstd")),
      ([], .flat),
    ] as [([UInt8], ImageKind)])
  func kind(bytes: [UInt8], expected: ImageKind) {
    #expect(ImageFile(name: "x", bytes: bytes).kind == expected)
  }

  @Test(
    "a Multiboot header counts where the specification has it, and with its checksum",
    arguments: [
      (image(64, [0: multiboot1]), .multiboot1(header: 0)),
      (image(8192, [8180: multiboot1]), .multiboot1(header: 8180)),
      (image(9000, [8184: multiboot1]), .flat),
      (image(64, [2: multiboot1]), .flat),
      (image(64, [0: multiboot1.dropLast() + [0]]), .flat),
      (multiboot1.dropLast(), .flat),
      // The first word of what looks like a header need not be one.
      (image(64, [0: Array(multiboot1.prefix(4)), 16: multiboot1]), .multiboot1(header: 16)),
      (image(64, [0: multiboot2]), .multiboot2(header: 0)),
      (image(32768, [32744: multiboot2]), .multiboot2(header: 32744)),
      (image(40000, [32760: multiboot2]), .flat),
      (image(64, [4: multiboot2]), .flat),
      (image(64, [8: Array(multiboot2.prefix(4)), 16: multiboot2]), .multiboot2(header: 16)),
    ] as [([UInt8], ImageKind)])
  func multiboot(bytes: [UInt8], expected: ImageKind) {
    #expect(ImageFile(name: "x", bytes: bytes).kind == expected)
  }

  private static let pvh: [UInt8] = {
    var elf = ELFBytes()
    elf.segments.append(.init(type: 4, offset: 0x1010, fileSize: 20, memorySize: 0))
    elf.content.replaceSubrange(
      16..<36, with: MultibootBytes.words([4, 4, 18, 0x006E_6558, 0x10_0000]))
    return elf.bytes
  }()

  private static func inserting(_ parts: [Int: [UInt8]], in bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for (offset, part) in parts { bytes.replaceSubrange(offset..<offset + part.count, with: part) }
    return bytes
  }

  @Test(
    "of several headers one wins",
    arguments: [
      // A bzImage is a boot sector, an EFI application, and more.
      (
        image(
          2048, [0: Array("MZ".utf8), 510: bootSector, 0x202: hdrS, 0x400: multiboot1]), .linux
      ),
      (pvh, .pvh),
      (inserting([0x400: multiboot1], in: pvh), .multiboot1(header: 0x400)),
      (
        inserting([0x400: multiboot1, 0x500: multiboot2], in: pvh),
        .multiboot2(header: 0x500)
      ),
      // 55 AA is nothing in an ELF file.
      (inserting([510: bootSector], in: pvh), .pvh),
      // A disk with GRUB on it has the header of GRUB's own core image.
      (image(1 << 16, [510: bootSector, 0x600: multiboot1]), .bootSector),
      (image(512, [0: Array("MZ".utf8), 510: bootSector]), .bootSector),
      (image(1024, [0: Array("MZ".utf8), 64: multiboot2]), .multiboot2(header: 64)),
    ] as [([UInt8], ImageKind)])
  func precedence(bytes: [UInt8], expected: ImageKind) {
    #expect(ImageFile(name: "x", bytes: bytes).kind == expected)
  }

  @Test(
    "a name that ends in .com makes a program of what is nothing else",
    arguments: [
      ("game.com", [0xB4, 0x4C], .program), ("/tmp/A.B/GAME.COM", [0xC3], .program),
      (".com", [0xC3], .program), ("gamecom", [0xC3], .flat), ("game.com.bin", [0xC3], .flat),
      ("game.com", image(512, [510: bootSector]), .bootSector),
      ("game.com", Array("MZ".utf8), .portableExecutable),
      ("game.com", elf, .elf(bits: 32)),
    ] as [(String, [UInt8], ImageKind)])
  func program(name: String, bytes: [UInt8], expected: ImageKind) {
    #expect(ImageFile(name: name, bytes: bytes).kind == expected)
  }

  @Test("a file with a program's name is one unless the user says how it is entered")
  func programOptions() throws {
    let file = ImageFile(name: "GAME.COM", bytes: [0xC3])
    #expect(try BootImage(file).format == .com)
    for change in [{ $0.mode = .real }, { $0.format = .flat }] as [(inout BootOptions) -> Void] {
      var options = BootOptions()
      change(&options)
      #expect(try BootImage(file, options: options).format == .flat)
    }
    let large = ImageFile(name: "large.com", bytes: [UInt8](repeating: 0, count: 0xFE01))
    let error = #expect(throws: VMMError.self) { try BootImage(large) }
    #expect(error?.description.contains("65025 bytes") == true)
    #expect(error?.description.contains("--format") == true)
  }

  @Test("what can be run has a format, and what cannot says what to do instead")
  func remedies() {
    let runnable: [(ImageKind, ImageFormat)] = [
      (.flat, .flat), (.bootSector, .boot), (.elf(bits: 64), .elf), (.linux, .linux), (.pvh, .pvh),
      (.program, .com), (.multiboot1(header: 0), .multiboot),
      (.multiboot2(header: 0), .multiboot2),
    ]
    for (kind, format) in runnable {
      #expect(kind.format == format)
      #expect(kind.remedy == nil)
      #expect(!kind.evidence.isEmpty)
    }
    for kind in [ImageKind.portableExecutable, .compressed("zstd")] {
      #expect(kind.format == nil)
      #expect(kind.remedy?.isEmpty == false, "\(kind)")
    }
    #expect(ImageKind.compressed("zstd").remedy?.contains("zstd -d") == true)
    #expect(ImageKind.multiboot2(header: 0x1000).evidence.contains("0x1000"))
  }
}
