import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Guests that test the machine's devices from inside, and say what they found.
  @Suite struct DeviceGuestTests {
    @Test(
      "timers and the serial port work with every interrupt controller",
      arguments: ["timers", "serialfifo"],
      [
        MachineConfiguration.InterruptController.none, .split, .kernel,
      ])
    func legacyDevices(
      guest: String, interruptController: MachineConfiguration.InterruptController
    ) throws {
      let machine = try TestMachine(.guest(guest)) {
        $0.interruptController = interruptController
      }
      try machine.expectSuccess()
    }

    @Test(
      "the I/O APIC routes edges and levels",
      arguments: [MachineConfiguration.InterruptController.split, .kernel])
    func ioapic(interruptController: MachineConfiguration.InterruptController) throws {
      let machine = try TestMachine(.guest("ioapic")) {
        $0.interruptController = interruptController
      }
      try machine.expectSuccess()
    }

    @Test(
      "CPUs start, interrupt each other and lock", arguments: [1, 2, 4, 8],
      [MachineConfiguration.InterruptController.split, .kernel])
    func interprocessorInterrupts(
      count: Int, interruptController: MachineConfiguration.InterruptController
    ) throws {
      let machine = try TestMachine(.guest("ipi")) {
        $0.cpuCount = count
        $0.interruptController = interruptController
      }
      try machine.expectSuccess()
      #expect(try machine.text().hasSuffix("\n\(count) CPUs\n"))
    }
  }
}

extension TestMachine {
  /// Runs a guest that reports `ok` and `FAIL` lines, and expects only the former.
  func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let label = try run(forAtMost: 120).label
    let text = try self.text()
    #expect(label == "debug exit 0", "\(text)", sourceLocation: sourceLocation)
    #expect(text.contains("ok "), "\(text)", sourceLocation: sourceLocation)
    #expect(!text.contains("FAIL"), "\(text)", sourceLocation: sourceLocation)
  }

  /// Starts the machine, and stops it if it has not ended after so many seconds: a guest from which
  /// an interrupt was kept sleeps for ever.
  func run(forAtMost seconds: Int32) throws -> Ending {
    try machine.start()
    _ = wait(for: 0, on: nil, or: machine.stopEvent, timeout: seconds * 1000)
    machine.stop(.timeout)
    return end()
  }
}
