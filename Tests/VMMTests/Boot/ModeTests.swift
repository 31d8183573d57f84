import Display
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Guests in every mode, at every kind of address.
  @Suite struct ModeTests {
    @Test(
      "the greeting of each mode",
      arguments: [
        ("hello16", nil, "Hello from 16-bit real mode\n"),
        ("hello32", CPUMode.protected, "Hello from 32-bit protected mode\n"),
        ("hello64", .long, "Hello from 64-bit long mode\n"),
        ("hello64", nil, "Hello from 64-bit long mode\n"),
      ])
    func hello(guest: String, mode: CPUMode?, text: String) throws {
      let machine = try TestMachine(.guest(guest, mode: mode))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == text)
    }

    @Test("a boot sector is entered in real mode at 0x7C00")
    func bootSector() throws {
      let image = try FlatImage.guest("hello16")
      #expect(image.file.kind == .bootSector)
      #expect(image.mode == .real)
      #expect(image.entry == 0x7C00)
    }

    @Test("position-independent code runs wherever it is loaded", arguments: [0x9_0000, 0xF0_0000])
    func loadAddress(address: UInt64) throws {
      let machine = try TestMachine(.guest("hello64", loadAddress: GuestAddress(address)))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "Hello from 64-bit long mode\n")
    }

    @Test("long and protected mode enter at the address asked for")
    func entry() throws {
      // Two-byte traps that would end the run otherwise, then the entry.
      let before = [UInt8](repeating: 0xF4, count: 0x21)
      // 1: lea 1b(%rip), %rax; mov $0xF4, %dx; out %eax, %dx
      let long: [UInt8] = [0x48, 0x8D, 0x05, 0xF9, 0xFF, 0xFF, 0xFF, 0x66, 0xBA, 0xF4, 0, 0xEF]
      // call 1f; 1: pop %eax; mov $0xF4, %dx; out %eax, %dx
      let protected: [UInt8] = [0xE8, 0, 0, 0, 0, 0x58, 0x66, 0xBA, 0xF4, 0, 0xEF]
      let images = [
        (try FlatImage.code(before + long, loadAddress: 0x20_0000, entry: 0x20_0021), 0),
        (
          try .code(before + protected, mode: .protected, loadAddress: 0x20_0000, entry: 0x20_0021),
          5
        ),
      ]
      for (image, distance) in images {
        #expect(try TestMachine(image).run().label == "debug exit \(0x20_0021 + distance)")
      }
    }

    @Test(
      "real mode enters in segment 0 as long as IP reaches, and beyond with IP below 16",
      arguments: [
        (0x7C00, 0x7C00), (0x7C0F, 0x7C0F), (0xFFE0, 0xFFE0), (0x1_0000, 0x1000_0000),
        (0x1_2345, 0x1234_0005), (0x9_FFE0, 0x9FFE_0000),
      ] as [(UInt64, UInt32)])
    func realEntry(entry: UInt64, expected: UInt32) throws {
      let load = entry & ~0xF
      let padding = [UInt8](repeating: 0xF4, count: Int(entry - load))
      // call 1f; 1: pop %bx; mov %cs, %ax; shl $16, %eax; lea -3(%bx), %ax; out %eax, $0xF4
      let code: [UInt8] = [
        0xE8, 0, 0, 0x5B, 0x8C, 0xC8, 0x66, 0xC1, 0xE0, 16, 0x8D, 0x47, 0xFD, 0x66, 0xE7, 0xF4,
      ]
      let image = try FlatImage.code(
        padding + code, mode: .real, loadAddress: GuestAddress(load), entry: GuestAddress(entry))
      #expect(try TestMachine(image).run().label == "debug exit \(expected)")
    }

    @Test("user code reaches memory and ports through the tables of the entry state")
    func userMode() throws {
      // The Embedded Swift guests leave CPL 0 at once and draw at CPL 3.
      let machine = try TestMachine(.guest("gradient"))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "gradient: drew 1024x768\n")
      let corners = machine.machine.withFrame { frame in
        [frame.rgb(x: 0, y: 0), frame.rgb(x: 1023, y: 0), frame.rgb(x: 0, y: 767)]
      }
      #expect(corners.map(\.red) == [0, 255, 0])
      #expect(corners.map(\.green) == [0, 0, 255])
      #expect(corners.map(\.blue) == [255, 128, 128])
    }
  }

  /// Memory beyond the hole for devices.
  @Suite struct LargeMemoryTests {
    private static let size: UInt64 = 5 << 30
    private static let fitsInHost: Bool = {
      var configuration = MachineConfiguration()
      configuration.memorySize = size
      return (try? configuration.validate()) != nil
    }()

    @Test(
      "a guest uses memory above 4 GiB", .enabled(if: fitsInHost, "needs a host with 5 GiB"))
    func above4GiB() throws {
      let last: UInt64 = (4 << 30) + (2 << 30) - 4
      let code = GuestCode {
        $0.store32(0x1122_3344, at: 4 << 30)
        $0.store32(0x5566_7788, at: last)
        $0.copy32(from: last, to: 0x20_0000)
        // RAM ends below the hole at 3 GiB.
        $0.store32(0x99AA_BBCC, at: 0xBFFF_FFFC)
        $0.copy32(from: 0xC000_0000, to: 0x20_0004)
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes)) { $0.memorySize = Self.size }
      #expect(try machine.run().label == "halted")
      func word(_ address: UInt64) -> UInt32? {
        machine.machine.readMemory(4, at: GuestAddress(address))?.word(at: 0)
      }
      #expect(word(4 << 30) == 0x1122_3344)
      #expect(word(last) == 0x5566_7788)
      #expect(word(0x20_0000) == 0x5566_7788)
      #expect(word(0xBFFF_FFFC) == 0x99AA_BBCC)
      #expect(word(0x20_0004) == 0xFFFF_FFFF)
      #expect(word(0xC000_0000) == nil)
      #expect(word(last + 4) == nil)
      let block = try #require(machine.machine.readMemory(0x60, at: MemoryMap.bootInformation))
      #expect(block.word(at: 0x08) == Self.size)
      #expect(block.word(at: 0x48) == 3 << 30 as UInt64)
      #expect(block.word(at: 0x50) == 2 << 30 as UInt64)
    }
  }
}
