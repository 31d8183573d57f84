import CKVM
import Devices
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Boot sectors and `.COM` programs on a real vCPU.
  @Suite struct BIOSGuestTests {
    private func machine(
      _ guest: String, configure: (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> TestMachine {
      try TestMachine(booting: .guest(guest), configure: configure)
    }

    private func machine(
      code: [UInt8], configure: (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> TestMachine {
      let sector = code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xAA]
      let image = try BIOSImage(disk: ImageFile(name: "code", bytes: sector))
      return try TestMachine(booting: .bios(image), configure: configure)
    }

    @Test("a boot sector prints with one exit a character")
    func hello() throws {
      let machine = try machine("bioshello")
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "Hello from the BIOS\r\n")
      let calls = machine.machine.statistics.exitsByPort.first { $0.port == BIOSROM.port }?.count
      // Setting the mode, before the boot sector runs, is a call, too.
      #expect(calls == UInt64("Hello from the BIOS\r\n".utf8.count + 1))
      #expect(machine.machine.statistics.bios?.unsupported == [])
    }

    @Test("printing can stay on the screen")
    func screenOnly() throws {
      let machine = try machine("bioshello") { $0.printsTeletype = false }
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "")
    }

    @Test(
      "disk, memory map, ticks, wait, cursor, VBE: from inside, with every interrupt controller",
      arguments: [MachineConfiguration.InterruptController.none, .split, .kernel])
    func calls(interruptController: MachineConfiguration.InterruptController) throws {
      let machine = try machine("bioscalls") { $0.interruptController = interruptController }
      let ending = try machine.run()
      let text = try machine.text()
      #expect(!text.contains("FAIL") && text.contains("ok L"), "\(text)")
      #expect(ending.label == "debug exit 0")
    }

    @Test("keys that are typed before and while a read waits arrive, all and in order")
    func keys() throws {
      let machine = try machine("bioskeys")
      machine.machine.keyboard.type("aZ")
      try machine.machine.start()
      try machine.waitForText("2C5A\n")
      machine.machine.keyboard.type([.leftControl, .c])
      machine.machine.keyboard.type([.f5])
      machine.machine.keyboard.type([.upArrow])
      try machine.waitForText("48E0\n")
      machine.machine.keyboard.type([.escape])
      #expect(machine.end().label == "halted")
      #expect(try machine.text() == "?1E61\n2C5A\n2E03\n3F00\n48E0\n")
    }

    @Test("a read that waits can be paused, resumed and reset")
    func pausedRead() throws {
      let machine = try machine("bioskeys")
      try machine.machine.start()
      try machine.waitForText("?")
      machine.machine.pause()
      machine.machine.resume()
      machine.machine.keyboard.type("q")
      try machine.waitForText("1071\n")
      try machine.machine.reset()
      try machine.waitForText("1071\n?")
      machine.machine.keyboard.type([.escape])
      #expect(machine.end().label == "halted")
    }

    @Test(
      "a program that polls with interrupts disabled gets them all the same, as a PC's BIOS has it",
      arguments: [MachineConfiguration.InterruptController.none, .split, .kernel], [0x16, 0x1A])
    func polling(
      interruptController: MachineConfiguration.InterruptController, vector: UInt8
    ) throws {
      // Until two ticks have passed: cli; mov 0x46C, %ax; mov %ax, %bx; 1: mov $1 or $0, %ah; int;
      // mov 0x46C, %ax; sub %bx, %ax; cmp $2, %ax; jb 1b; hlt
      let code: [UInt8] = [
        0xFA, 0xA1, 0x6C, 0x04, 0x89, 0xC3, 0xB4, vector == 0x16 ? 1 : 0, 0xCD, vector,
        0xA1, 0x6C, 0x04, 0x29, 0xD8, 0x83, 0xF8, 0x02, 0x72, 0xF2, 0xF4,
      ]
      let machine = try machine(code: code) { $0.interruptController = interruptController }
      #expect(try machine.run().label == "halted")
    }

    @Test("a long wait ends when the machine does")
    func stoppedWait() throws {
      // mov $0x0E21, %ax; int $0x10; mov $0x8600, %ax; mov $0xFFFF, %cx; int $0x15; hlt
      let machine = try machine(code: [
        0xB8, 0x21, 0x0E, 0xCD, 0x10, 0xB8, 0x00, 0x86, 0xB9, 0xFF, 0xFF, 0xCD, 0x15, 0xFA, 0xF4,
      ])
      try machine.machine.start()
      try machine.waitForText("!")
      machine.machine.pause()
      machine.machine.resume()
      machine.machine.stop(.quit)
      #expect(machine.end().label == "quit")
    }

    @Test("a .COM program gets its arguments, and ends with its code")
    func program() throws {
      let image = try BIOSImage(
        program: ImageFile(name: "com", bytes: GuestImages.bytes("bioscom")))
      let machine = try TestMachine(booting: .bios(image)) { $0.commandLine = "one two" }
      #expect(try machine.run().label == "exited with 7")
      #expect(try machine.text() == "Hello from a .COM: one two")
    }

    @Test("a program that returns has ended well")
    func programReturns() throws {
      let image = try BIOSImage(program: ImageFile(name: "com", bytes: [0xC3]))
      #expect(try TestMachine(booting: .bios(image)).run().label == "exited with 0")
    }

    @Test("INT 19h and a jump to the reset vector are resets")
    func reboots() throws {
      // int $0x19; and ljmp $0xFFFF, $0
      for code in [[0xCD, 0x19], [0xEA, 0x00, 0x00, 0xFF, 0xFF]] as [[UInt8]] {
        #expect(try machine(code: code).run().label == "reset by bios")
      }
    }

    @Test("a reset starts from the disk as the guest has left it")
    func rebootFromChangedDisk() throws {
      // Its first byte becomes hlt: movb $0xF4, 0x7C00; mov $0x0301, %ax; mov $1, %cx; mov $0x80, %dx;
      // mov $0x7C00, %bx; int $0x13; int $0x19. The first byte of all, cli, is what is replaced.
      let machine = try machine(code: [
        0xFA, 0xC6, 0x06, 0x01, 0x7C, 0xF4, 0xB8, 0x01, 0x03, 0xB9, 0x01, 0x00, 0xBA, 0x80, 0x00,
        0xBB, 0x00, 0x7C, 0xCD, 0x13, 0xCD, 0x19,
      ]) { $0.resetAction = .reboot }
      #expect(try machine.run().label == "halted")
      #expect(machine.machine.resetCount == 1)
    }

    @Test("a division by zero without a handler is a crash that names the instruction")
    func divisionByZero() throws {
      // xor %cx, %cx; div %cx
      let ending = try machine(code: [0x31, 0xC9, 0xF7, 0xF1]).run()
      let crash = try #require(ending.crash)
      #expect(crash.summary.contains("#DE"))
      #expect(crash.registers?.rip == 0x7C02)
      #expect(crash.instruction.starts(with: [0xF7, 0xF1]))
    }

    @Test("an OUT to the call's port from elsewhere calls nobody")
    func strayCall() throws {
      // mov $0x0E21, %ax; out %al, $0xBC; cli; hlt
      let machine = try machine(code: [0xB8, 0x21, 0x0E, 0xE6, UInt8(BIOSROM.port), 0xFA, 0xF4])
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "")
      #expect(machine.machine.statistics.bios?.calls == 1)
    }
  }
}
