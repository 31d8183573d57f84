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

  @Test(
    "the first bytes say what an image is",
    arguments: [
      ([0xF4], .flat),
      (image(512, [:]), .flat),
      (image(512, [510: [0x55, 0xAA]]), .bootSector),
      (image(513, [510: [0x55, 0xAA]]), .flat),
      (image(511, [509: [0x55, 0xAA]]), .flat),
      (image(512, [510: [0xAA, 0x55]]), .flat),
      (image(64, [0: elf + [1]]), .elf(bits: 32)),
      (image(64, [0: elf + [2]]), .elf(bits: 64)),
      (elf, .elf(bits: 32)),
      ([0x7F, 0x45, 0x4C], .flat),
      (image(2048, [0x202: hdrS]), .linux),
      (image(2048, [0: Array("MZ".utf8), 0x202: hdrS]), .linux),
      (image(0x204, [0x202: [0x48, 0x64]]), .flat),
      (image(64, [0: Array("MZ".utf8)]), .portableExecutable),
      (image(512, [0: Array("MZ".utf8), 510: [0x55, 0xAA]]), .bootSector),
      ([0x1F, 0x8B, 8], .compressed("gzip")),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], .compressed("xz")),
      ([0x28, 0xB5, 0x2F, 0xFD], .compressed("zstd")),
      ([], .flat),
    ] as [([UInt8], ImageKind)])
  func kind(bytes: [UInt8], expected: ImageKind) {
    let header = Array(bytes.prefix(ImageKind.headerSize))
    #expect(ImageKind(header: header, size: bytes.count) == expected)
    #expect(ImageFile(name: "x", bytes: bytes).kind == expected)
  }

  @Test("what cannot be run says what to do instead")
  func remedies() {
    for kind in [ImageKind.flat, .bootSector] { #expect(kind.remedy == nil) }
    let others: [ImageKind] = [
      .elf(bits: 64), .linux, .portableExecutable, .compressed("gzip"),
    ]
    for kind in others { #expect(kind.remedy?.isEmpty == false, "\(kind)") }
    #expect(ImageKind.elf(bits: 64).remedy?.contains("objcopy") == true)
    #expect(ImageKind.compressed("zstd").remedy?.contains("zstd -d") == true)
  }
}
