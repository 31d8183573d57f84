import SystemPackage
import TestSupport
import Testing

@testable import VMM

@Suite struct FlatImageTests {
  @Test("what an image does not say follows from its kind and mode")
  func defaults() throws {
    let flat = try FlatImage.code([0xF4])
    #expect(flat.mode == .long)
    #expect(flat.loadAddress == 0x10_0000)
    #expect(flat.entry == 0x10_0000)
    #expect(flat.lastAddress == 0x10_0000)
    #expect(try FlatImage.code([0xF4], mode: .protected).loadAddress == 0x10_0000)
    #expect(try FlatImage.code([0xF4], mode: .real).loadAddress == 0x7C00)
    #expect(try FlatImage.code([0xF4], loadAddress: 0x20_0000).entry == 0x20_0000)

    let sector = [UInt8](repeating: 0, count: 510) + [0x55, 0xAA]
    let boot = try FlatImage(ImageFile(name: "boot", bytes: sector))
    #expect(boot.mode == .real)
    #expect(boot.loadAddress == 0x7C00)
    // Asked for, a boot sector is entered like any image.
    #expect(try FlatImage(ImageFile(name: "boot", bytes: sector), mode: .long).mode == .long)
  }

  /// An image, how it is to be entered, and what the refusal must say.
  struct Refusal: Sendable, CustomTestStringConvertible {
    var bytes: [UInt8] = [0xF4]
    var size = 1
    var mode = CPUMode.long
    var load: GuestAddress?
    var entry: GuestAddress?
    var memory: UInt64 = 64 << 20
    let kind: VMMError.Kind
    let words: [String]

    var testDescription: String { words.joined(separator: ", ") }

    func image() throws -> FlatImage {
      let padding = [UInt8](repeating: 0x90, count: max(0, size - bytes.count))
      return try FlatImage.code(bytes + padding, mode: mode, loadAddress: load, entry: entry)
    }
  }

  @Test(
    "what cannot be is refused before the machine is built",
    arguments: [
      Refusal(load: 0x10_0001, kind: .usage, words: ["0x100001", "multiple of 16"]),
      Refusal(load: 0x1_0000_0000, kind: .usage, words: ["0x100000000", "4 GiB"]),
      Refusal(
        load: GuestAddress(.max & ~0xF), kind: .usage, words: ["0xfffffffffffffff0", "4 GiB"]),
      Refusal(entry: 0x10_0001, kind: .usage, words: ["entry 0x100001", "0x100000"]),
      Refusal(entry: 0xF_FFFF, kind: .usage, words: ["entry 0xfffff", "outside"]),
      Refusal(entry: GuestAddress(.max), kind: .usage, words: ["entry", "outside"]),
      Refusal(bytes: [], size: 0, kind: .image, words: ["code", "empty"]),
      Refusal(bytes: [], size: 0, load: 0, kind: .image, words: ["code", "empty"]),
      Refusal(
        bytes: [0x7F, 0x45, 0x4C, 0x46, 2], size: 64, kind: .image,
        words: ["an ELF file (64-bit)", "not a flat image"]),
      Refusal(bytes: [0x1F, 0x8B], kind: .image, words: ["a gzip file", "gzip -d"]),
    ])
  func refusedAtOnce(refusal: Refusal) throws {
    let error = #expect(throws: VMMError.self) { try refusal.image() }
    #expect(error?.kind == refusal.kind)
    for word in refusal.words { #expect(error?.description.contains(word) == true, "\(word)") }
  }

  @Test(
    "what does not fit in the machine is refused",
    arguments: [
      Refusal(
        size: (2 << 20) + 1, memory: 2 << 20, kind: .image,
        words: ["2097153 bytes", "2097152", "--memory"]),
      Refusal(
        size: (1 << 20) + 1, memory: 2 << 20, kind: .image,
        words: ["0x100000 to 0x200000", "beyond the guest's memory", "0x200000"]),
      Refusal(load: 0x400_0000, kind: .image, words: ["0x4000000", "beyond"]),
      Refusal(load: 0xC000_0000, memory: 8 << 30, kind: .image, words: ["beyond", "0xc0000000"]),
      Refusal(load: 0xE000_0000, kind: .image, words: ["the framebuffer at 0xe0000000"]),
      Refusal(load: 0xEFFF_FFF0, memory: 8 << 30, kind: .image, words: ["the framebuffer"]),
      Refusal(size: 17, load: 0xFF0, kind: .image, words: ["the descriptor tables at 0x1000"]),
      Refusal(load: 0x4060, kind: .image, words: ["the descriptor tables"]),
      Refusal(load: 0x6FF0, kind: .image, words: ["the boot-information block at 0x6000"]),
      Refusal(mode: .real, load: 0x6000, kind: .image, words: ["the boot-information block"]),
      Refusal(load: 0x1_0000, kind: .image, words: ["the page tables at 0x10000"]),
      Refusal(load: 0x1_5FF0, kind: .image, words: ["the page tables"]),
      Refusal(load: 0x1_6000, memory: 5 << 30, kind: .image, words: ["the page tables"]),
      Refusal(load: 0x8_FFF0, kind: .image, words: ["the initial stack at 0x80000"]),
      Refusal(
        mode: .protected, load: 0x8_0000, kind: .image, words: ["the initial stack at 0x80000"]),
      Refusal(
        size: 0x1001, load: 0xE_F000, kind: .image, words: ["the ACPI and MP tables at 0xf0000"]),
      Refusal(
        mode: .protected, load: 0xF_FFF0, kind: .image, words: ["the ACPI and MP tables at 0xf0000"]
      ),
      Refusal(mode: .real, load: 0xA_0000, kind: .image, words: ["video memory and ROMs"]),
      Refusal(
        size: 0x1001, mode: .real, load: 0x9_F000, kind: .image,
        words: ["video memory and ROMs at 0xa0000"]),
      Refusal(mode: .real, load: 0x10_0000, kind: .image, words: ["real mode cannot address"]),
    ])
  func refusedByTheMachine(refusal: Refusal) throws {
    let image = try refusal.image()
    let error = #expect(throws: VMMError.self) {
      try image.validate(memorySize: refusal.memory)
    }
    #expect(error?.kind == refusal.kind)
    for word in refusal.words { #expect(error?.description.contains(word) == true, "\(word)") }
  }

  @Test("what just fits is accepted")
  func accepted() throws {
    let images: [(image: FlatImage, memory: UInt64)] = [
      (try .code([UInt8](repeating: 0x90, count: 1 << 20)), 2 << 20),
      (try .code([0xF4], loadAddress: 0x3FF_FFF0), 64 << 20),
      (try .code([UInt8](repeating: 0x90, count: 16), loadAddress: 0xFF0), 2 << 20),
      (try .code([0xF4], loadAddress: 0), 2 << 20),
      (try .code([0xF4], loadAddress: 0x4070), 2 << 20),
      (try .code([UInt8](repeating: 0x90, count: 0x9000), loadAddress: 0x7000), 2 << 20),
      (try .code([0xF4], loadAddress: 0x1_6000), 2 << 20),
      (try .code([0xF4], loadAddress: 0x9_0000), 2 << 20),
      (try .code([UInt8](repeating: 0x90, count: 0x1000), loadAddress: 0xE_F000), 2 << 20),
      (try .code([0xF4], mode: .protected, loadAddress: 0x1_0000), 2 << 20),
      (try .code([0xF4], mode: .real, loadAddress: 0x9_FFF0), 2 << 20),
      (try .code([0xF4], mode: .real, loadAddress: 0x1000), 2 << 20),
      (try .code([0xF4], loadAddress: 0xBFFF_FFF0), 8 << 30),
    ]
    for (image, memory) in images {
      #expect(throws: Never.self, "\(image.loadAddress)") {
        try image.validate(memorySize: memory)
      }
    }
  }
}

@Suite struct ImageFileTests {
  @Test(
    "a path that holds no image",
    arguments: [
      ("/nonexistent/image.bin", "No such file"), ("/tmp", "directory"),
      ("/dev/null", "regular file"),
    ])
  func badPath(path: String, words: String) {
    let error = #expect(throws: VMMError.self) { try ImageFile(path: FilePath(path)) }
    #expect(error?.kind == .image)
    #expect(error?.description.contains(path) == true)
    #expect(error?.description.contains(words) == true)
  }

  @Test("an empty file is no image")
  func emptyFile() throws {
    let file = try OutputFile()
    let error = #expect(throws: VMMError.self) {
      try ImageFile(path: FilePath("/proc/self/fd/\(file.descriptor.rawValue)"))
    }
    #expect(error?.kind == .image)
    #expect(error?.description.contains("is empty") == true)
  }

  @Test("a file is loaded whole, from its first byte")
  func load() throws {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let file = try OutputFile()
    try file.descriptor.writeAll(bytes)
    let image = try ImageFile(path: FilePath("/proc/self/fd/\(file.descriptor.rawValue)"))
    #expect(image.size == 5000)
    let memory = try GuestMemory(size: 2 << 20)
    try image.load(into: memory, at: 0x1230)
    #expect(memory.read(5002, at: 0x122F) == [0] + bytes + [0])
    #expect(throws: VMMError.self) { try image.load(into: memory, at: 0x1F_F000) }
  }

  @Test("a file that has become shorter is refused")
  func truncated() throws {
    let file = try OutputFile()
    try file.descriptor.writeAll([UInt8](repeating: 0x90, count: 8192))
    let image = try ImageFile(path: FilePath("/proc/self/fd/\(file.descriptor.rawValue)"))
    try file.descriptor.resize(to: 4096)
    let error = #expect(throws: VMMError.self) {
      try image.load(into: GuestMemory(size: 2 << 20), at: 0)
    }
    #expect(error?.kind == .image)
  }
}
