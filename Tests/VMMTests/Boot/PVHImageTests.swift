import SystemPackage
import TestSupport
import Testing

@testable import VMM

@Suite struct PVHImageTests {
  /// The guest `pvh`, with the entry that its note tells replaced by another.
  private func kernel(entry: UInt32? = nil) throws -> [UInt8] {
    var bytes = try GuestImages.bytes("pvh")
    let note = little(UInt32(4)) + little(UInt32(4)) + little(UInt32(18)) + Array("Xen\0".utf8)
    let offset = try #require(
      (0..<bytes.count - note.count).first { bytes[$0...].starts(with: note) })
    if let entry { bytes.replaceSubrange(offset + 16..<offset + 20, with: little(entry)) }
    return bytes
  }

  private func file(_ bytes: [UInt8]) -> ImageFile { ImageFile(name: "vmlinux", bytes: bytes) }

  @Test("the note makes an ELF file a PVH kernel, which is entered where it says")
  func recognition() throws {
    let image = try BootImage(file(kernel(entry: 0x20_0001)))
    #expect(image.format == .pvh)
    #expect(image.entry.mode == .protected)
    #expect(image.entry.address == 0x20_0001)
  }

  @Test("an entry outside the segments is refused", arguments: [0, 0x1F_FFFF, 0x20_2000, .max])
  func entry(address: UInt32) throws {
    let error = #expect(throws: VMMError.self) { try PVHImage(file(kernel(entry: address))) }
    #expect(try #require(error).description.contains("lies outside its segments"))
  }

  @Test("an ELF file without the note is none")
  func noNote() throws {
    var bytes = try kernel()
    let name = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("Xen\0".utf8)) })
    bytes[name] = UInt8(ascii: "Y")
    #expect(try BootImage(file(bytes)).format == .elf)
    var options = BootOptions()
    options.format = .pvh
    let error = #expect(throws: VMMError.self) { try BootImage(file(bytes), options: options) }
    #expect(try #require(error).description.contains("has no PVH entry"))
  }

  @Test("its initrd lies at the end of memory, and one that does not fit is refused")
  func initrd() throws {
    let initrd = ImageFile(
      name: "initrd.img", bytes: [UInt8](repeating: 1, count: 1 << 20), role: .initrd)
    let image = try PVHImage(file(kernel()), initrd: initrd)
    #expect(try image.initrdAddress(memoryBelow4GiB: 8 << 20) == 0x70_0000)
    let error = #expect(throws: VMMError.self) { try image.validate(memorySize: 3 << 20) }
    let text = try #require(error).description
    #expect(text.hasPrefix("initrd initrd.img: 1048576 bytes"), "\(text)")
    #expect(text.hasSuffix("raise --memory to 4M"), "\(text)")
  }

  @Test("what the boot protocol decides is not the user's choice")
  func options() throws {
    let file = file(try kernel())
    for change in [
      { $0.mode = .long }, { $0.entry = 0x20_0000 }, { $0.loadAddress = 0x20_0000 },
    ] as [(inout BootOptions) -> Void] {
      var options = BootOptions()
      change(&options)
      let error = #expect(throws: VMMError.self) { try BootImage(file, options: options) }
      #expect(error?.kind == .usage)
    }
  }

  @Test("whatever is changed in a kernel, it is refused or fits", arguments: 0..<8)
  func mutations(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let original = try kernel()
    let memory = try GuestMemory(size: 8 << 20)
    var booted = 0
    for round in 0..<300 {
      var bytes = original
      let notes = original.count - 1024..<original.count
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let range = Bool.random(using: &random) ? 0x10..<0x80 : notes
        bytes[Int.random(in: range, using: &random)] =
          [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      if round % 8 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      do throws(VMMError) {
        let image = try PVHImage(file(bytes))
        try image.validate(memorySize: UInt64(memory.size))
        try PVHLoader(image: image).load(
          into: memory, of: .test(memorySize: UInt64(memory.size)))
        booted += 1
      } catch {
        #expect(error.kind == .image, "seed \(seed), round \(round): \(error)")
      }
    }
    #expect(booted > 0, "seed \(seed)")
  }
}
