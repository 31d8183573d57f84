import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct PortTests {
    /// Runs `code`, which ends by halting; returns the machine and `count` words from 0x200000.
    private func words(
      _ count: Int, _ code: (inout GuestCode) -> Void
    ) throws -> (machine: Machine, words: [UInt32]) {
      let machine = try TestMachine(
        .code(
          GuestCode {
            code(&$0)
            $0.halt()
          }.bytes))
      #expect(try machine.run().label == "halted")
      let bytes = try #require(machine.machine.readMemory(4 * count, at: 0x20_0000))
      return (machine.machine, (0..<count).map { bytes.word(at: 4 * $0) })
    }

    @Test("ports that nobody claims read as all ones, and every access is counted")
    func unclaimedPorts() throws {
      let (machine, words) = try words(3) { code in
        for (index, size) in [1, 2, 4].enumerated() {
          code.in(0x5678, size: size, to: 0x20_0000 + UInt64(4 * index))
        }
        code.out8(0x5678, 0xA5)
        code.out16(0xFFF0, 0xA5A5)
      }
      #expect(words == [0xFF, 0xFFFF, 0xFFFF_FFFF])
      #expect(machine.unclaimedAccesses.portReads == 3)
      #expect(machine.unclaimedAccesses.portWrites == 2)
    }

    @Test("addresses that nobody claims read as all ones")
    func unclaimedAddresses() throws {
      let (_, words) = try words(2) { code in
        code.store32(0xDEAD_BEEF, at: 0xD000_0000)
        code.copy32(from: 0xD000_0000, to: 0x20_0000)
        code.copy32(from: 0xE000_0000 + 16 << 20, to: 0x20_0004)
      }
      #expect(words == [0xFFFF_FFFF, 0xFFFF_FFFF])
    }

    @Test("a wide access reads adjacent registers of a device, and nothing past its end")
    func wideAccess() throws {
      let (machine, words) = try words(4) { code in
        code.out8(0x3FF, 0x77)  // SCR
        code.in(0x3FE, size: 2, to: 0x20_0000)  // MSR, SCR
        code.in(0x3FD, size: 4, to: 0x20_0004)  // LSR, MSR, SCR, past the end
        code.in(0xE9, size: 1, to: 0x20_0008)
        code.in(0xF4, size: 4, to: 0x20_000C)
      }
      #expect(words[0] == 0x77B0)
      #expect(words[1] == 0xFF77_B060)
      #expect(words[2] == 0xE9)
      #expect(words[3] == 0)
      #expect(machine.unclaimedAccesses.portReads == 0)
    }

    @Test("without a framebuffer its ports are nobody's")
    func noDisplay() throws {
      let code = GuestCode {
        $0.in(0x1CF, size: 2, to: 0x20_0000)
        $0.in(0x3C8, size: 1, to: 0x20_0004)
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes)) { $0.framebuffer = nil }
      #expect(try machine.run().label == "halted")
      #expect(machine.machine.readMemory(8, at: 0x20_0000) == [0xFF, 0xFF, 0, 0, 0xFF, 0, 0, 0])
      #expect(machine.machine.unclaimedAccesses.portReads == 2)
    }

    @Test("the debug console and the serial port share the output, in order")
    func debugConsole() throws {
      let code = GuestCode {
        $0.print("a")
        $0.out8(0xE9, UInt8(ascii: "b"))
        $0.print("c")
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "abc")
    }
  }
}
