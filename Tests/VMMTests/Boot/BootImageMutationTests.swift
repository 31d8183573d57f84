import KVM
import TestSupport
import Testing

@testable import VMM

/// Whatever an image says: it is refused with a reason, or it is loaded into RAM and nowhere else.
@Suite struct BootImageMutationTests {
  /// Valid images of every kind.
  private static let corpus: [[UInt8]] = {
    var kernel = ELFBytes()
    kernel.sections = [.init(type: 0, offset: 0, size: 0), .init(type: 2), .init(type: 3)]
    kernel.segments = [
      .init(fileSize: 128, memorySize: 4096),
      .init(virtual: 0x20_0000, physical: 0x10_2000, memorySize: 64),
      .init(type: 4, offset: 0x1100, fileSize: 20, memorySize: 0),
    ]
    kernel.content = [UInt8](repeating: 0x90, count: 512)
    kernel.content.replaceSubrange(
      0x100..<0x114, with: MultibootBytes.words([4, 4, 18, 0x006E_6558, 0x10_0000]))
    func adding(_ header: [UInt8], is64: Bool) -> [UInt8] {
      var elf = kernel
      elf.is64 = is64
      elf.content.replaceSubrange(0..<header.count, with: header)
      return elf.bytes
    }
    let tags = [
      MultibootBytes.tag(1, [4, 6]), MultibootBytes.tag(4, [1]),
      MultibootBytes.tag(5, [640, 480, 32]), MultibootBytes.tag(6, []),
      MultibootBytes.tag(10, [0x10_0000, 0xFFFF_FFFF, 4096, 2]),
    ]
    let addresses = [
      MultibootBytes.tag(2, [0x10_0000, 0x10_0000, 0, 0x10_2000]),
      MultibootBytes.tag(3, [0x10_0010]),
    ]
    return [
      kernel.bytes, adding([], is64: false),
      adding(MultibootBytes.version1(flags: 7, [0, 0, 0, 0, 0, 0, 640, 480, 16]), is64: false),
      adding(MultibootBytes.version1(flags: 3), is64: true),
      MultibootBytes.version1(flags: 0x10003, [0x10_0000, 0x10_0000, 0, 0x10_1000, 0x10_0020])
        + [UInt8](repeating: 0x90, count: 256),
      adding(MultibootBytes.version2(tags), is64: true),
      MultibootBytes.version2(addresses) + [UInt8](repeating: 0x90, count: 256),
      [UInt8](repeating: 0, count: 510) + [0x55, 0xAA],
      [0x1F, 0x8B, 8, 0],
    ]
  }()

  private static let interesting: [UInt64] = [
    0, 1, 2, 7, 8, 0x7F, 0xFF, 0xFFF, 0xFFFF, 0x1_0000, 0xA_0000, 0xF_FFFF, 0x10_0000, 0x20_0000,
    0x7FFF_FFFF, 0x8000_0000, 0xC000_0000, 0xE000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 1 << 63, .max,
    .max - 0xFFF,
  ]

  @Test("a few changed bytes", .timeLimit(.minutes(5)))
  func mutations() throws {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix64(seed: seed)
    let memory = try GuestMemory(size: 2 << 20)
    var counts = (accepted: 0, refused: 0)
    for index in 0..<6000 {
      var bytes = Self.corpus[index % Self.corpus.count]
      for _ in 0..<Int.random(in: 0...4, using: &random) { mutate(&bytes, &random) }
      let file = ImageFile(name: "mutant", bytes: bytes)
      var options = BootOptions()
      if Bool.random(using: &random) {
        options.format = ImageFormat.allCases.randomElement(using: &random)
      }
      do throws(VMMError) {
        let image = try BootImage(file, options: options)
        try image.validate(memorySize: UInt64(memory.size))
        let loader = try image.loader(memorySize: UInt64(memory.size))
        memory.clear()
        try loader.load(into: memory, of: Platform(memory, cpuCount: 1, commandLine: "x"))
        var registers = Registers()
        var special = SpecialRegisters()
        loader.enter(&registers, &special)
        for range in image.loadedRanges where !image.canMove {
          #expect(range.upperBound < 0x20_0000, "seed \(seed), image \(index)")
        }
        counts.accepted += 1
      } catch {
        #expect(error.kind != .host && !error.description.isEmpty, "seed \(seed), image \(index)")
        counts.refused += 1
      }
    }
    #expect(counts.accepted > 600 && counts.refused > 600, "seed \(seed): \(counts)")
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    // Headers are where it hurts.
    let headers = [0..<64, 64..<400, 0x800..<0x8C0, 0x1000..<0x1200, 0..<bytes.count]
    let area = headers.randomElement(using: &random) ?? 0..<bytes.count
    let offset = min(Int.random(in: area, using: &random), bytes.count - 1)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
    case 1, 2: bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 3: bytes[offset] = UInt8.random(in: 0...255, using: &random)
    default:
      let value = Self.interesting.randomElement(using: &random) ?? 0
      let size = [2, 4, 8].randomElement(using: &random) ?? 4
      for index in 0..<size where (offset & ~3) + index < bytes.count {
        bytes[(offset & ~3) + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
      fixChecksum(&bytes)
    }
  }

  /// Makes the checksum of a Multiboot header right again, so that what it says is looked at.
  private func fixChecksum(_ bytes: inout [UInt8]) {
    for start in [0, 0x1000] where start + 16 <= bytes.count {
      guard let magic = bytes.littleEndian(UInt32.self, at: start),
        let second = bytes.littleEndian(UInt32.self, at: start + 4),
        let third = bytes.littleEndian(UInt32.self, at: start + 8)
      else { continue }
      if magic == MultibootHeader.magic {
        bytes.store(littleEndian: 0 &- magic &- second, at: start + 8)
      } else if magic == Multiboot2Header.magic {
        bytes.store(littleEndian: 0 &- magic &- second &- third, at: start + 12)
      }
    }
  }
}

extension BootImage {
  /// Whether its loader may choose another place than the image is linked for.
  fileprivate var canMove: Bool {
    if case .multiboot(let image) = self { image.relocation != nil } else { false }
  }
}
