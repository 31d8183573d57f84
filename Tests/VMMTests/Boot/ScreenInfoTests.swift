import Display
import Testing

@testable import VMM

@Suite struct ScreenInfoTests {
  @Test(
    "each pixel format has its colours where Linux looks for them",
    arguments: [
      (15, [5, 10, 5, 5, 5, 0, 1, 15]), (16, [5, 11, 6, 5, 5, 0, 0, 0]),
      (24, [8, 16, 8, 8, 8, 0, 0, 0]), (32, [8, 16, 8, 8, 8, 0, 8, 24]),
    ] as [(Int, [UInt8])])
  func channels(bitsPerPixel: Int, channels: [UInt8]) throws {
    let format = try #require(PixelFormat(bitsPerPixel: bitsPerPixel))
    let mode = try #require(
      DisplayMode(
        width: 800, height: 600, format: format, stride: 800 * format.bytesPerPixel + 64,
        startOffset: 0, videoMemorySize: 16 << 20))
    let info = ScreenInfo.bytes(.test(framebuffer: (mode, 16 << 20)))
    #expect(info.count == 64)
    #expect(info[0x0F] == 0x70)
    #expect(info.word(at: 0x12) == 800 as UInt16)
    #expect(info.word(at: 0x14) == 600 as UInt16)
    #expect(info.word(at: 0x16) == UInt16(format.bytesPerPixel * 8))
    #expect(info.word(at: 0x18) == 0xE000_0000 as UInt32)
    #expect(info.word(at: 0x1C) == 16 << 20 as UInt32)
    #expect(info.word(at: 0x24) == UInt16(800 * format.bytesPerPixel + 64))
    #expect(Array(info[0x26..<0x2E]) == channels)
  }

  @Test("without a framebuffer there is no screen")
  func none() {
    #expect(ScreenInfo.bytes(.test()) == [UInt8](repeating: 0, count: 64))
  }

  @Test("a VGA that shows text is what Linux's vgacon accepts")
  func text() {
    let info = ScreenInfo.bytes(.test(textScreen: .vga))
    #expect(info.count == 64)
    #expect(info[0x06] == 3)
    #expect(info[0x07] == 80)
    #expect(info.word(at: 0x0A) == 3 as UInt16)  // EGA or better, with a colour monitor
    #expect(info[0x0E] == 25)
    #expect(info[0x0F] == 1)
    #expect(info.word(at: 0x10) == 16 as UInt16)
    #expect(info[0x12...].allSatisfy { $0 == 0 })
  }
}

@Suite struct E820MapTests {
  @Test("RAM beyond 4 GiB is told, and no two entries overlap", arguments: [2 << 20, 0xC000_0000])
  func entries(memoryBelow4GiB: UInt64) throws {
    let map = E820Map(.test(memorySize: memoryBelow4GiB, above4GiB: 5 << 30)).entries
    for (entry, next) in zip(map, map.dropFirst()) {
      #expect(entry.start.rawValue + entry.size <= next.start.rawValue)
    }
    let ram = map.filter { $0.kind == .ram }
    #expect(ram.map(\.start) == [0, 0x10_0000, 0x1_0000_0000])
    #expect(ram.map(\.size) == [0x9_FC00, memoryBelow4GiB - 0x10_0000, 5 << 30])
    // The tables, and the pages that KVM takes.
    for address in [0xF_0000, 0xFFFB_C000] as [GuestAddress] {
      #expect(map.contains { $0.kind == .reserved && $0.start == address })
    }
  }
}
