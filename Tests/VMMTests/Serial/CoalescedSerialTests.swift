import Devices
import KVM
import TestSupport
import Testing

@testable import VMM

/// Whether this host's KVM collects port writes.
private let hostCoalesces: Bool = {
  guard let hypervisor = try? Hypervisor() else { return false }
  return hypervisor.checkExtension(.coalescedPIO) > 0
    && hypervisor.checkExtension(.coalescedMMIO) > 0
}()

extension MachineTests {
  @Suite(.enabled(if: hostCoalesces)) struct CoalescedSerialTests {
    /// As many bytes as it takes until KVM collects, and some that it does.
    private static let flood = String(
      repeating: "f", count: CoalescedSerialPort.firstThreshold + 20)

    private func coalescedWrites(_ machine: TestMachine) -> UInt64 {
      machine.machine.statistics.serial.coalescedWrites
    }

    @Test("collected bytes and those of the debug console keep their order")
    func order() throws {
      var expected = Self.flood
      let code = GuestCode { code in
        code.print(Self.flood)
        for round in 0..<64 {
          let text = String(repeating: "s", count: 1 + round % 5)
          code.print(text)
          code.out8(0xE9, UInt8(ascii: "d"))
          expected += text + "d"
        }
        code.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == expected)
      #expect(coalescedWrites(machine) > 100)
    }

    @Test("another device sees the port as if each byte had been an exit")
    func otherDevice() throws {
      let counts = Recorder()
      let code = GuestCode { code in
        code.print(Self.flood)
        for round in 1...20 {
          code.print(String(repeating: "s", count: round))
          code.out8(Recorder.port, 0)
        }
        code.halt()
      }
      let machine = try TestMachine(.code(code.bytes)) {
        $0.portDevices = [([Recorder.port...Recorder.port], counts)]
      }
      counts.observe { [machine = machine.machine] in machine.serial.bytesTransmitted }
      #expect(try machine.run().label == "halted")
      counts.observe { 0 }
      let expected = (1...20).map { UInt64(Self.flood.utf8.count + $0 * ($0 + 1) / 2) }
      #expect(counts.values == expected)
      #expect(coalescedWrites(machine) > 200)
    }

    @Test("nothing lingers while the guest computes without exits")
    func lingering() throws {
      let code = GuestCode {
        $0.print(Self.flood + "prompt> ")
        $0.spin()
      }
      let machine = try TestMachine(.code(code.bytes))
      try machine.machine.start()
      try machine.waitForText("prompt> ")
      #expect(coalescedWrites(machine) > 0)
      machine.machine.stop(.quit)
      machine.end()
    }

    @Test("an idle port stops to collect, and starts again")
    func idle() throws {
      let code = GuestCode { code in
        code.gate()
        code.print(Self.flood)
        code.gate()
        code.print(Self.flood)
        code.gate()
        code.halt()
      }
      let machine = try GatedMachine(code.bytes)
      let port = try #require(machine.machine.coalescedSerial)
      #expect(!port.isCollecting)
      try machine.pass()
      #expect(port.isCollecting)
      try eventually { !port.isCollecting }
      try machine.pass()
      #expect(port.isCollecting)
      machine.stop()
      #expect(try machine.test.text() == Self.flood + Self.flood)
    }

    @Test(
      "nothing is collected where a write does more than send: THRE interrupt, loop, DLL, break")
    func registers() throws {
      let settings: [(register: UInt16, value: UInt8, rest: UInt8)] = [
        (0x3F9, 0x02, 0), (0x3FC, 0x10, 0), (0x3FB, 0x83, 0x03), (0x3FB, 0x43, 0x03),
      ]
      for (register, value, rest) in settings {
        let code = GuestCode { code in
          code.gate()
          code.print(Self.flood)
          code.gate()
          code.out8(register, value)
          code.gate()
          code.out8(0x3F8, UInt8(ascii: "x"))
          code.out8(register, rest)
          code.print(Self.flood)
          code.gate()
          // Four times as many bytes as at first.
          for _ in 0..<4 { code.print(Self.flood) }
          code.gate()
          code.halt()
        }
        let machine = try GatedMachine(code.bytes) { $0.interruptController = .kernel }
        let port = try #require(machine.machine.coalescedSerial)
        try machine.pass()
        #expect(port.isCollecting)
        try machine.pass()
        #expect(!port.isCollecting, "\(register.hexadecimal) \(value.hexadecimal)")
        try machine.pass()
        #expect(!port.isCollecting, "too soon")
        try machine.pass()
        #expect(port.isCollecting)
        machine.stop()
        let sent = register == 0x3F9 ? "x" : ""
        let floods = String(repeating: Self.flood, count: 5)
        #expect(try machine.test.text() == Self.flood + sent + floods)
      }
    }

    @Test("the THRE condition follows each byte of a transmitter that waits for it")
    func transmitterInterrupt() throws {
      let code = GuestCode { code in
        code.print(Self.flood)
        code.out8(0x3F9, 0x02)  // IER: THRE
        code.in(0x3FA, size: 1, to: 0x20_0000)  // IIR names it, which clears it
        code.in(0x3FA, size: 1, to: 0x20_0004)
        code.out8(0x3F8, UInt8(ascii: "x"))
        code.in(0x3FA, size: 1, to: 0x20_0008)
        code.halt()
      }
      let machine = try TestMachine(.code(code.bytes))
      #expect(try machine.run().label == "halted")
      let bytes = try #require(machine.machine.readMemory(12, at: 0x20_0000))
      #expect([bytes[0], bytes[4], bytes[8]] == [0x02, 0x01, 0x02])
      #expect(try machine.text() == Self.flood + "x")
    }

    @Test(
      "the last bytes come before every ending",
      arguments: ["halted", "debug exit 7", "triple fault"],
      [MachineConfiguration.InterruptController.none, .kernel])
    func lastWords(
      ending: String, controller: MachineConfiguration.InterruptController
    ) throws {
      let code = GuestCode { code in
        code.print(Self.flood + "last words")
        switch ending {
        case "halted": code.halt()
        case "triple fault": code.append([0x0F, 0x0B])  // ud2
        default: code.out8(0xF4, 7)
        }
        code.spin()
      }
      let machine = try TestMachine(.code(code.bytes)) { $0.interruptController = controller }
      #expect(try machine.run().label == ending)
      #expect(try machine.text() == Self.flood + "last words")
      #expect(coalescedWrites(machine) > 0)
    }

    @Test("switched off, every byte is an exit")
    func switchedOff() throws {
      let code = GuestCode {
        $0.print(Self.flood)
        $0.halt()
      }
      let machine = try TestMachine(.code(code.bytes)) { $0.coalescesSerialOutput = false }
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == Self.flood)
      let statistics = machine.machine.statistics
      #expect(statistics.serial.coalescedWrites == 0)
      let flood = UInt64(Self.flood.utf8.count)
      #expect(statistics.exitsByPort.first == PortExits(port: 0x3F8, count: flood))
    }

    @Test("machines leave no thread behind, collecting or not")
    func threads() throws {
      for _ in 0..<20 {
        let code = GuestCode {
          $0.print(Self.flood)
          $0.halt()
        }
        let machine = try TestMachine(.code(code.bytes))
        try machine.run()
      }
      #expect(ProcessThreads.leftByMachines() == [])
    }
  }
}
