import Display
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct HostileGuestTests {
    @Test(
      "random accesses to every port and to device memory harm only the guest",
      arguments: [
        MachineConfiguration.InterruptController.none, .split, .kernel,
      ])
    func randomAccesses(interruptController: MachineConfiguration.InterruptController) throws {
      let seed = UInt64.random(in: 0..<1 << 32)
      let machine = try TestMachine(.guest("hostile")) {
        $0.interruptController = interruptController
        $0.commandLine = "seed=\(seed)"
        // Modes that the guest sets at random are drawn, too.
        $0.sinks = [NullSink()]
      }
      #expect(try machine.run(forAtMost: 240).label == "debug exit 0", "seed \(seed)")
      // Bytes: after a carriage return, which may be sent at random, the newline is no character.
      let end = "\nok seed \(seed), rounds 1\n".utf8
      #expect(try machine.text().utf8.suffix(end.count).elementsEqual(end), "seed \(seed)")
      #expect(machine.machine.unclaimedAccesses.portReads > 10_000)
      #expect(machine.machine.unclaimedAccesses.memoryWrites > 100)
      #expect(machine.machine.displayFailure == nil, "seed \(seed)")
    }
  }
}
