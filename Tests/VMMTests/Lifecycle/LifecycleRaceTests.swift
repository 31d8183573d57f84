import Devices
import Display
import Synchronization
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct LifecycleRaceTests {
    @Test(
      "pauses, resets, captures and a stop from many threads", arguments: [1, 2, 3] as [UInt64])
    func race(seed: UInt64) throws {
      var generator = SplitMix64(seed: seed)
      for round in 0..<12 {
        let stops = round % 2 == 1
        let counting = try TestMachine(.guest("pages")) {
          $0.memorySize = 4 << 20
          $0.cpuCount = round % 3 == 0 ? 2 : 1
          $0.framebuffer = FramebufferMode(width: 320, height: 200, bitsPerPixel: 32)
          $0.commandLine = "seed=9 count=16 forever"
          $0.sinks = [NullSink()]
          $0.framesPerSecond = 1000
          $0.idleAfter = 2_000_000
          $0.resetAction = .reboot
        }
        let machine = counting.machine
        let threads = try (0..<6).map { number in
          let seed = generator.next()
          return try Thread(name: "user\(number)") {
            Self.use(machine, SplitMix64(seed: seed), stops: stops && number == 5)
          }
        }
        try machine.start()
        for thread in threads { thread.join() }
        if !stops {
          // Every pause was taken back: the guest lives.
          try machine.reset()
          try eventually {
            machine.readVideoMemory(0..<320 * 200 * 4)?.contains { $0 != 0 } == true
          }
          machine.stop(.timeout)
        }
        #expect(counting.end().label == "timeout", "seed \(seed), round \(round)")
        let last = machine.captureFrame()
        let isExact = last.height == 200
        #expect(isExact, "seed \(seed), round \(round)")
        #expect(machine.readVideoMemory(0..<320 * 200 * 4) == counting.pixels())
      }
      #expect(ProcessThreads.leftByMachines() == [], "seed \(seed)")
    }

    private static func use(_ machine: Machine, _ generator: SplitMix64, stops: Bool) {
      var generator = generator
      for _ in 0..<40 {
        switch generator.next() % 8 {
        case 0...2:
          machine.pause()
          machine.resume()
        case 3...4: _ = machine.captureFrame().height
        case 5: try? machine.reset()
        case 6: machine.requestReset(cause: .keyboardController)
        default:
          for _ in 0..<generator.next() % 2000 { _ = monotonicNanoseconds() }
        }
      }
      if stops { machine.stop(.timeout) }
    }
  }
}
