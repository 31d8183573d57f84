import Testing

@testable import VMM

extension MachineTests {
  @Suite struct DebugPortTests {
    private func label(_ code: (inout GuestCode) -> Void) throws -> String {
      let code = GuestCode {
        code(&$0)
        $0.halt()
      }
      return try TestMachine(.code(code.bytes)).run().label
    }

    @Test(
      "the power-off registers of QEMU, Bochs and VirtualBox",
      arguments: [(0x604, 0x2000), (0xB004, 0x2000), (0x4004, 0x3400)] as [(UInt16, UInt16)])
    func powerOff(port: UInt16, value: UInt16) throws {
      #expect(try label { $0.out16(port, value) } == "powered off")
      // Another sleep type, which no machine has.
      #expect(try label { $0.out16(port, value ^ 0x1C00) } == "halted")
    }

    @Test("the text Shutdown at Bochs's port")
    func shutdownText() throws {
      func spell(_ text: String) throws -> String {
        try label { code in for letter in text.utf8 { code.out8(0x8900, letter) } }
      }
      #expect(try spell("Shutdown") == "powered off")
      #expect(try spell("Shutdow") == "halted")
    }

    @Test("pvpanic ends the machine unless a crash kernel takes over")
    func panic() throws {
      #expect(try label { $0.out8(0x505, 1) } == "panicked")
      let code = GuestCode {
        $0.in(0x505, size: 1, to: 0x20_0000)
        $0.out8(0x505, 2)
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      #expect(machine.machine.crashLoadedCount == 1)
      #expect(machine.machine.readMemory(1, at: 0x20_0000) == [0b11])
    }

    @Test("a crash report tells the last POST codes, and only if there are any")
    func postCodes() throws {
      let undefined: [UInt8] = [0x0F, 0x0B]
      let code = GuestCode {
        for value in UInt8(1)...9 { $0.out8(0x80, value) }
        $0.append(undefined)
      }
      let machine = try TestMachine(.code(code.bytes))
      let report = try #require(try machine.run().crash)
      #expect(report.postCodes == [2, 3, 4, 5, 6, 7, 8, 9])
      #expect(report.details.contains("post 02 03 04 05 06 07 08 09"))
      #expect(machine.machine.postCodes == report.postCodes)
      #expect(machine.machine.unclaimedAccesses.portWrites == 0)

      let silent = try #require(
        try TestMachine(.code(GuestCode { $0.append(undefined) }.bytes)).run().crash)
      #expect(!silent.details.contains { $0.hasPrefix("post") })
    }

    @Test("the second debug console prints to the same output")
    func consoles() throws {
      let code = GuestCode {
        $0.out8(0xE9, UInt8(ascii: "a"))
        $0.out8(0x402, UInt8(ascii: "b"))
        $0.out8(0xE9, UInt8(ascii: "c"))
        $0.in(0x402, size: 1, to: 0x20_0000)
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "abc")
      #expect(machine.machine.readMemory(1, at: 0x20_0000) == [0xE9])
    }

    @Test("the debug exit can be elsewhere, narrower, or nowhere")
    func debugExit() throws {
      let wide = GuestCode {
        $0.out32(0x501, 0xABCD_1234)
        $0.halt()
      }
      let byte = GuestCode {
        $0.out8(0xF4, 1)
        $0.halt()
      }
      func label(_ code: GuestCode, at ports: ClosedRange<UInt16>?) throws -> String {
        try TestMachine(.code(code.bytes)) { $0.debugExitPorts = ports }.run().label
      }
      #expect(try label(wide, at: 0x501...0x502) == "debug exit \(0x1234)")
      #expect(try label(byte, at: 0x501...0x502) == "halted")
      #expect(try label(byte, at: nil) == "halted")
    }

    @Test(
      "a debug exit where there is another device is refused",
      arguments: [0x3F8...0x3FB, 0xE9...0xE9, 0x1CD...0x1CE, 0x7F...0x82, 0x504...0x505]
        as [ClosedRange<UInt16>])
    func overlap(ports: ClosedRange<UInt16>) throws {
      let error = #expect(throws: VMMError.self) {
        try TestMachine(.code([0xFA, 0xF4])) { $0.debugExitPorts = ports }
      }
      #expect(error?.kind == .usage)
      #expect(error?.description.contains("\(ports.lowerBound.hexadecimal) to ") == true)
      #expect(error?.description.contains("--debug-exit") == true)
    }
  }
}
