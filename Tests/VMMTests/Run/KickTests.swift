import SystemPackage
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct KickTests {
    @Test("two hundred machines are stopped at any moment, and leave nothing behind")
    func startAndStop() throws {
      let image = try FlatImage.guest("runaway")
      let descriptors = openDescriptors()
      var generator = SplitMix64(seed: 3)
      for number in 0..<200 {
        let machine = try TestMachine(image) {
          $0.sinks = number % 4 == 0 ? [NullSink()] : []
          $0.interruptController = number % 8 == 0 ? .kernel : .none
        }
        try machine.machine.start()
        spin(generator.next() % 4000)
        machine.machine.stop(.timeout)
        #expect(machine.end().label == "timeout", "machine \(number)")
      }
      #expect(ProcessThreads.leftByMachines() == [])
      // Other suites open and close some of their own meanwhile.
      #expect(openDescriptors() < descriptors + 100)
    }

    @Test("a stop that races with the start is not lost")
    func stopRacesWithStart() throws {
      let image = try FlatImage.guest("runaway")
      var generator = SplitMix64(seed: 4)
      for number in 0..<200 {
        let machine = try TestMachine(image) { $0.cpuCount = number % 16 == 0 ? 3 : 1 }
        let delay = generator.next() % 2000
        let stopper = try Thread(name: "stopper") {
          spin(delay)
          machine.machine.stop(.timeout)
        }
        try machine.machine.start()
        #expect(machine.end().label == "timeout", "machine \(number)")
        stopper.join()
      }
    }

    private func openDescriptors() -> Int {
      (0..<1024).count { number in
        (try? FileDescriptor(rawValue: number).duplicate()).map { try? $0.close() } != nil
      }
    }
  }
}

/// Passes a little time, so that what follows comes at any moment.
private func spin(_ turns: UInt64) {
  for _ in 0..<turns { _ = monotonicNanoseconds() }
}
