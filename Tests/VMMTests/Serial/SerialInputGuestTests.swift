import Devices
import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct SerialInputGuestTests {
    @Test("echo sends back what it receives, until the input ends")
    func echo() throws {
      let machine = try TestMachine(.guest("echo"))
      try machine.machine.start()
      try machine.send(Array("hello, ".utf8))
      try machine.waitForText("hello, ")
      try machine.send(Array("world\n".utf8))
      machine.machine.serial.endInput()
      #expect(machine.end().label == "halted")
      #expect(try machine.text() == "hello, world\n")
    }

    @Test("input that ended before the start is there")
    func inputBeforeStart() throws {
      let machine = try TestMachine(.guest("echo"))
      try machine.send(Array("early".utf8))
      machine.machine.serial.endInput()
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "early")
    }

    @Test(
      "input wakes a guest that sleeps until its interrupt, and so does its end, whoever has the PIC",
      arguments: MachineConfiguration.InterruptController.allCases)
    func interrupts(controller: MachineConfiguration.InterruptController) throws {
      let machine = try TestMachine(.guest("serialirq")) { $0.interruptController = controller }
      try machine.machine.start()
      var expected = ""
      for text in ["a", "bc", String(repeating: "0123456789abcdef", count: 20)] {
        try machine.send(Array(text.utf8))
        expected += text
        try machine.waitForText(expected)
      }
      machine.machine.serial.endInput()
      #expect(machine.end().label == "debug exit 0")
      #expect(try machine.text() == expected)
    }

    @Test(
      "a guest that sleeps until its interrupt is not taken for one that has halted",
      arguments: MachineConfiguration.InterruptController.allCases)
    func sleeperStays(controller: MachineConfiguration.InterruptController) throws {
      let machine = try TestMachine(.guest("serialirq")) { $0.interruptController = controller }
      try machine.machine.start()
      try machine.send([UInt8(ascii: "a")])
      try machine.waitForText("a")
      // Several looks of the halt monitor, which must leave the sleeper alone.
      let ended = wait(for: 0, on: nil, or: machine.machine.stopEvent, timeout: 150).woken
      #expect(!ended)
      machine.machine.serial.endInput()
      #expect(machine.end().label == "debug exit 0")
    }

    @Test("one megabyte arrives whole and in order")
    func megabyte() throws {
      var generator = SplitMix64(seed: 1)
      let input = (0..<131_072).flatMap { _ in little(generator.next()) }
      let machine = try TestMachine(.guest("receive"))
      try machine.machine.start()
      try machine.send(input)
      machine.machine.serial.endInput()
      #expect(machine.end().label == "halted")
      #expect(try machine.text() == "0000000000100000\n")
      let received = try #require(machine.machine.readMemory(input.count, at: 0x20_0000))
      let isWhole = received == input
      #expect(isWhole)
    }
  }
}
