import CKVM
import Devices
import Display
import Glibc
import KVM
import Synchronization
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct PauseTests {
    @Test("ten thousand pauses lose nothing: each finds an exact state, and the guest counts on")
    func tenThousandPauses() throws {
      let counting = try CountingMachine()
      let machine = counting.machine
      try machine.start()
      try counting.awaitProgress()
      var generator = SplitMix64(seed: 41)
      for number in 0..<10_000 {
        machine.pause()
        try counting.check("pause \(number)")
        machine.resume()
        for _ in 0..<generator.next() % 200 { _ = monotonicNanoseconds() }
        if number % 1000 == 0 { try counting.awaitProgress() }
      }
      try counting.awaitProgress()
      #expect(counting.changedPages > 64, "the guest drew nothing: this proves nothing")
      machine.stop(.quit)
      #expect(counting.test.end().label == "quit")
      #expect(ProcessThreads.leftByMachines() == [])
    }

    @Test("a hundred thousand kicks lose nothing and leave no thread")
    func kicks() throws {
      let counting = try CountingMachine()
      let machine = counting.machine
      try machine.start()
      try counting.awaitProgress()
      let kickers = try (0..<4).map { _ in
        try Thread(name: "kicker") {
          for _ in 0..<25_000 { machine.vcpus[0].kick() }
        }
      }
      for kicker in kickers { kicker.join() }
      try counting.awaitProgress()
      machine.pause()
      try counting.check("after the kicks")
      machine.stop(.quit)
      #expect(counting.test.end().label == "quit")
      #expect(ProcessThreads.leftByMachines() == [])
    }

    @Test(
      "several vCPUs rest, those that wait for SIPI and the one that never exits",
      arguments: [2, 8])
    func severalVCPUs(count: Int) throws {
      let machine = try TestMachine(.guest("runaway")) { $0.cpuCount = count }
      try machine.machine.start()
      for _ in 0..<500 {
        machine.machine.pause()
        let rip = try machine.machine.vcpus[0].vcpu.registers().rip
        #expect(try machine.machine.vcpus[0].vcpu.registers().rip == rip)
        machine.machine.resume()
      }
      machine.machine.stop(.timeout)
      #expect(machine.end().label == "timeout")
    }

    @Test("pauses are counted, and a resume without one does nothing")
    func nested() throws {
      let counting = try CountingMachine()
      let machine = counting.machine
      machine.resume()
      try machine.start()
      try counting.awaitProgress()
      machine.pause()
      machine.pause()
      machine.resume()
      try counting.check("still paused once")
      machine.resume()
      machine.resume()
      try counting.awaitProgress()
      machine.pause()
      try counting.check("the resume too many has not been saved up")
      machine.resume()
      try counting.awaitProgress()
      machine.stop(.quit)
      _ = counting.test.end()
    }

    @Test("a machine that is paused before its start starts paused")
    func beforeStart() throws {
      let counting = try CountingMachine()
      counting.machine.pause()
      try counting.machine.start()
      counting.machine.pause()
      #expect(counting.count == 0)
      #expect(try counting.machine.vcpus[0].vcpu.registers().rip == 0x10_0000)
      counting.machine.resume()
      counting.machine.resume()
      try counting.awaitProgress()
      counting.machine.stop(.quit)
      _ = counting.test.end()
    }

    @Test("a paused machine can be stopped, and a stopped one paused")
    func stop() throws {
      let counting = try CountingMachine()
      try counting.machine.start()
      try counting.awaitProgress()
      counting.machine.pause()
      let count = counting.count
      counting.machine.stop(.timeout)
      #expect(counting.test.end().label == "timeout")
      #expect(counting.count == count, "it ran on")
      counting.machine.pause()
      try counting.check("after the end")
      counting.machine.resume()
      counting.machine.resume()
      #expect(counting.test.end().label == "timeout")
    }

    @Test("a machine that halts while pauses come and go still ends")
    func halting() throws {
      let code = GuestCode {
        $0.waitForInput()
        $0.halt()
      }
      for _ in 0..<20 {
        let machine = try TestMachine(.code(code.bytes)) { $0.interruptController = .kernel }
        try machine.machine.start()
        try machine.send([0])
        // Two looks of the halt monitor, and more.
        while !machine.machine.stopEvent.wait(until: monotonicNanoseconds() &+ 1_000_000) {
          for _ in 0..<3 {
            machine.machine.pause()
            machine.machine.resume()
          }
          if machine.machine.stopEvent.wait(until: monotonicNanoseconds() &+ 60_000_000) { break }
        }
        #expect(machine.end().label == "halted")
      }
    }

    @Test("a machine that is dead stays paused, and ends when it is resumed")
    func dead() throws {
      let machine = try TestMachine(.guest("halt")) { $0.interruptController = .kernel }
      machine.machine.pause()
      try machine.machine.start()
      let stopped = machine.machine.stopEvent.wait(until: monotonicNanoseconds() &+ 100_000_000)
      #expect(!stopped)
      machine.machine.resume()
      #expect(machine.end().label == "halted")
    }

    @Test("a vCPU that waits for a full pipe is let go, and no byte is lost or out of order")
    func fullPipe() throws {
      let pipe = try Pipe(capacity: 4096)
      // 1: outb %al, %dx; incb %al; jmp 1b
      let code: [UInt8] = [0x66, 0xBA, 0xF8, 0x03, 0xB0, 0x00, 0xEE, 0xFE, 0xC0, 0xEB, 0xFB]
      let machine = try TestMachine(.code(code)) { $0.serialOutput = pipe.writer }
      try machine.machine.start()
      var received: [UInt8] = []
      for round in 0..<100 {
        // Full, and so the vCPU waits, or will at its next newline.
        try eventually { !pipe.hasRoom }
        machine.machine.pause()
        machine.machine.resume()
        machine.machine.pause()
        machine.machine.resume()
        received += try pipe.read(4096)
        #expect(received.count > round)
      }
      machine.machine.stop(.quit)
      _ = machine.machine.wait()
      #expect(received.count > 4 * 4096, "the pipe was never full: this proves nothing")
      let isInOrder = received.indices.allSatisfy { received[$0] == UInt8(truncatingIfNeeded: $0) }
      #expect(isInOrder)
    }

    @Test("a vCPU that waits for the next frame's time is let go, and its frame is taken")
    func doorbell() throws {
      let machine = try TestMachine(
        .code(
          GuestCode {
            $0.store32(0x11, at: MemoryMap.framebuffer.rawValue)
            $0.out8(0x1D0, 0)
            $0.store32(0x22, at: MemoryMap.framebuffer.rawValue)
            $0.out8(0x1D0, 0)
            $0.store32(0x33, at: MemoryMap.framebuffer.rawValue)
            $0.spin()
          }.bytes)
      ) {
        $0.isPresentedByGuest = true
        $0.framesPerSecond = 1
        $0.sinks = [NullSink()]
      }
      try machine.machine.start()
      try eventually {
        machine.machine.pause()
        defer { machine.machine.resume() }
        return machine.machine.readVideoMemory(0..<4)?.word(at: 0) == UInt32(0x33)
      }
      #expect(machine.machine.captureFrame().firstPixel == 0x22, "the last frame that was ended")
      machine.machine.stop(.quit)
      _ = machine.end()
    }

    @Test("a captured frame is what is in video memory, whatever the flusher does")
    func capture() throws {
      let size = 320 * 200 * 4
      for sinks: [any FrameSink & Sendable] in [[], [NullSink()]] {
        let machine = try TestMachine(.guest("pages")) {
          $0.memorySize = 4 << 20
          $0.framebuffer = FramebufferMode(width: 320, height: 200, bitsPerPixel: 32)
          $0.commandLine = "seed=9 count=16 forever"
          $0.sinks = sinks
          $0.framesPerSecond = 1000
        }
        try machine.machine.start()
        try machine.waitForText("D")
        for round in 0..<300 {
          machine.machine.pause()
          let frame = machine.machine.captureFrame()
          let isExact = frame.bytes == machine.machine.readVideoMemory(0..<size)
          #expect(isExact, "round \(round)")
          machine.machine.resume()
        }
        let isEmpty = machine.machine.captureFrame().isEmpty
        #expect(!isEmpty)
        machine.machine.stop(.quit)
        _ = machine.end()
        let last = machine.machine.captureFrame().bytes
        #expect(last == machine.pixels())
      }
    }
  }
}

extension Frame {
  /// All pixels, in the guest's format.
  fileprivate var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for line in 0..<height {
      withRow(line) { row in unsafe row.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) } }
    }
    return bytes
  }

  fileprivate var firstPixel: UInt32? { isEmpty ? nil : bytes.word(at: 0) }
}

extension Pipe {
  /// Whether a write of a page would not wait.
  fileprivate var hasRoom: Bool {
    wait(for: POLLOUT, on: writer, or: nil, timeout: 0).events != 0
  }
}
