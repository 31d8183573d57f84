import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The boot-information block as `guests/README.md` documents it.
  @Suite struct BootInformationTests {
    private func block(_ configure: (inout MachineConfiguration) -> Void) throws -> [UInt8] {
      let machine = try TestMachine(.code([0xF4])) {
        $0.framebuffer = nil
        configure(&$0)
      }
      return try #require(machine.machine.readMemory(4096, at: 0x6000))
    }

    @Test("a machine without a framebuffer, to the byte")
    func noFramebuffer() throws {
      let block = try block { $0.memorySize = 8 << 20 }
      let fields: [[UInt8]] = [
        Array("SCNL".utf8), little(UInt16(1)), little(UInt16(0x60)), little(UInt64(8 << 20)),
        [UInt8](repeating: 0, count: 40), little(UInt32(1)), little(UInt32(0)),
        little(UInt64(0x6060)), little(UInt64(8 << 20)), little(UInt64(0)),
        little(UInt64(0xF_0000)),
      ]
      let expected = Array(fields.joined())
      #expect(expected.count == 0x60)
      #expect(block.starts(with: expected))
      #expect(block.dropFirst(0x60).allSatisfy { $0 == 0 })
    }

    @Test(
      "every pixel format",
      arguments: [
        (8, [0, 0, 0, 0, 0, 0]), (15, [10, 5, 5, 5, 0, 5]), (16, [11, 5, 5, 6, 0, 5]),
        (24, [16, 8, 8, 8, 0, 8]), (32, [16, 8, 8, 8, 0, 8]),
      ] as [(Int, [UInt8])])
    func framebuffer(bitsPerPixel: Int, channels: [UInt8]) throws {
      let block = try block {
        $0.framebuffer = FramebufferMode(width: 640, height: 480, bitsPerPixel: bitsPerPixel)
      }
      #expect(block.word(at: 0x10) == 0xE000_0000 as UInt64)
      #expect(block.word(at: 0x18) == 640 as UInt32)
      #expect(block.word(at: 0x1C) == 480 as UInt32)
      #expect(block.word(at: 0x20) == UInt32(640 * ((bitsPerPixel + 7) / 8)))
      #expect(block.word(at: 0x24) == UInt32(bitsPerPixel))
      #expect(block.word(at: 0x28) == 16 << 20 as UInt64)
      #expect(Array(block[0x30..<0x36]) == channels)
      #expect(block.word(at: 0x36) == 0 as UInt16)
    }

    @Test("video memory grows with the mode")
    func largeFramebuffer() throws {
      let block = try block {
        $0.framebuffer = FramebufferMode(width: 3840, height: 2160, bitsPerPixel: 32)
      }
      #expect(block.word(at: 0x28) == 32 << 20 as UInt64)
    }

    @Test("the number of CPUs", arguments: [1, 3])
    func cpus(count: Int) throws {
      #expect(try block { $0.cpuCount = count }.word(at: 0x38) == UInt32(count))
    }

    @Test("command lines up to the longest", arguments: [0, 1, 100, 3999])
    func commandLine(length: Int) throws {
      let text = String(repeating: "x", count: length)
      let block = try block { $0.commandLine = text }
      #expect(block.word(at: 0x3C) == UInt32(length))
      #expect(block.word(at: 0x40) == 0x6060 as UInt64)
      #expect(block[0x60..<0x60 + length].elementsEqual(text.utf8))
      #expect(block[0x60 + length] == 0)
    }

    @Test("the longest command line is the one that the configuration allows")
    func longestCommandLine() throws {
      #expect(BootInformation.maximumCommandLine == 3999)
      let text = String(repeating: "é", count: 2000)  // 4000 bytes
      #expect(throws: VMMError.self) { try self.block { $0.commandLine = text } }
    }
  }
}
