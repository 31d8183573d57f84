import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct MultiprocessorTests {
    @Test(
      "every CPU starts",
      arguments: [1, 2, 4, 8, 11], [MachineConfiguration.InterruptController.kernel, .split])
    func everyCPUStarts(
      count: Int, controller: MachineConfiguration.InterruptController
    ) throws {
      let machine = try TestMachine(.guest("smp")) {
        $0.cpuCount = count
        $0.interruptController = controller
      }
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "\(count) CPUs\n")
      #expect(machine.machine.readMemory(4, at: 0x7000) == little(UInt32(count)))
    }

    @Test(
      "CPUs that were never started do not keep the machine running",
      arguments: [1, 2, 4], [MachineConfiguration.InterruptController.kernel, .split])
    func waitingCPUs(
      count: Int, controller: MachineConfiguration.InterruptController
    ) throws {
      let machine = try TestMachine(.guest("hello64")) {
        $0.cpuCount = count
        $0.interruptController = controller
      }
      #expect(try machine.run().label == "halted")
      #expect(try machine.text() == "Hello from 64-bit long mode\n")
    }

    @Test("CPUs that wait to be started are stopped")
    func stopWaitingCPUs() throws {
      let machine = try TestMachine(.guest("runaway")) { $0.cpuCount = 4 }
      try machine.machine.start()
      machine.machine.stop(.timeout)
      #expect(machine.end().label == "timeout")
    }
  }
}
