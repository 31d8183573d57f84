import Devices
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct InputGuestTests {
    @Test("drivers find a keyboard and a mouse", arguments: ["keyboard", "mouse"])
    func probes(guest: String) throws {
      try TestMachine(.guest(guest)).expectSuccess()
    }

    @Test("keys arrive as scan codes, by interrupts")
    func keys() throws {
      let machine = try TestMachine(.guest("keyboard")) { $0.commandLine = "input" }
      try machine.machine.start()
      for kind in ["set 2", "translated"] {
        try machine.waitForText("ready: \(kind)\n")
        for key in [Key.a, .escape] {
          machine.machine.keyboard.press(key)
          machine.machine.keyboard.release(key)
        }
      }
      #expect(machine.end().label == "debug exit 0")
      let text = try machine.text()
      #expect(text.contains("ready: set 2\n0x1c 0xf0 0x1c 0x76 0xf0 0x76\n"), "\(text)")
      #expect(text.contains("ready: translated\n0x1e 0x9e 0x01 0x81\n"), "\(text)")
    }

    @Test("movements arrive as reports, by interrupts")
    func mouse() throws {
      let machine = try TestMachine(.guest("mouse")) { $0.commandLine = "input" }
      try machine.machine.start()
      try machine.waitForText("ready\n")
      // Towards the user; the mouse itself counts upwards.
      machine.machine.keyboard.moveMouse(dx: 5, dy: 3, wheel: 0)
      try machine.waitForText("dx 5 dy -3 wheel 0 buttons 0\n")
      machine.machine.keyboard.setMouseButtons([.left, .right, .middle])
      #expect(machine.end().label == "debug exit 0")
    }
  }
}
