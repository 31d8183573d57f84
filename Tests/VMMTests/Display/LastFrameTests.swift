import Display
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The last frame is exact (R3).
  @Suite struct LastFrameTests {
    private static let width = 320
    private static let height = 200
    private static let size = width * height * 4

    private static let black = [UInt8](repeating: 0, count: size)

    private static func machine(
      _ commandLine: String, sinks: [any FrameSink & Sendable] = [], framesPerSecond: Int = 60,
      idleAfter: UInt64 = 500_000_000
    ) throws -> TestMachine {
      try TestMachine(.guest("pages")) {
        $0.memorySize = 4 << 20
        $0.framebuffer = FramebufferMode(width: width, height: height, bitsPerPixel: 32)
        $0.commandLine = commandLine
        $0.sinks = sinks
        $0.framesPerSecond = framesPerSecond
        $0.idleAfter = idleAfter
      }
    }

    /// What the guest `pages` draws.
    private static func picture(seed: UInt64, count: Int) -> [UInt8] {
      var generator = SplitMix64(seed: seed)
      var pixels = [UInt32](repeating: 0, count: width * height)
      for _ in 0..<count {
        let random = generator.next()
        pixels[Int(random >> 32) % pixels.count] = UInt32(truncatingIfNeeded: random) & 0xFF_FFFF
      }
      return pixels.flatMap(little)
    }

    @Test("a picture is the one that its seed draws", arguments: [1, 2, 3] as [UInt64])
    func modelled(seed: UInt64) throws {
      let machine = try Self.machine("seed=\(seed) count=3000")
      #expect(try machine.run().label == "halted")
      let isExact = machine.pixels() == Self.picture(seed: seed, count: 3000)
      #expect(isExact)
    }

    @Test("the log alone makes the last frame exact, whenever the guest is stopped")
    func stoppedAnyTime() throws {
      var generator = SplitMix64(seed: 5)
      var changedAfterStop = 0
      for round in 0..<150 {
        let seed = generator.next() >> 1
        let polls = generator.next() % 4
        let sinks: [any FrameSink & Sendable] = round % 2 == 0 ? [] : [NullSink()]
        let machine = try Self.machine(
          "seed=\(seed) count=16 forever", sinks: sinks, framesPerSecond: 1000)
        // The one full comparison, of a screen that is still black.
        let isBlack = machine.pixels() == Self.black
        #expect(isBlack)
        try machine.machine.start()
        try machine.waitForText("D")
        for _ in 0..<polls { machine.machine.withFrame { _ in } }
        for _ in 0..<generator.next() % 2000 { _ = monotonicNanoseconds() }
        machine.machine.stop(.quit)
        _ = machine.end()
        let before = try #require(machine.machine.flushStatistics?.frames)
        let shown = machine.pixels()
        let after = try #require(machine.machine.flushStatistics?.frames)
        changedAfterStop += after.pagesChanged > before.pagesChanged ? 1 : 0

        let isExact = machine.machine.readVideoMemory(0..<Self.size) == shown
        #expect(isExact, "round \(round), seed \(seed), \(polls) polls")
        #expect(shown.contains { $0 != 0 }, "round \(round): nothing was drawn")
        #expect(after.fullComparisons == 1, "round \(round): the log was not relied on")
        let isFinal = machine.pixels() == shown
        #expect(isFinal, "round \(round): the frame changed after the end")
      }
      #expect(changedAfterStop > 0, "no last harvest brought anything: this proves nothing")
    }

    @Test(
      "a sink that takes only the damage ends with the last frame",
      arguments: ["scene", "scanlines", "gradient"])
    func replay(guest: String) throws {
      let sink = ReplayingSink()
      let machine = try TestMachine(.guest(guest)) {
        $0.framebuffer = FramebufferMode(
          width: Self.width, height: Self.height, bitsPerPixel: 32)
        $0.commandLine = "frames=100 pause=1"
        $0.sinks = [sink]
        $0.framesPerSecond = 1000
      }
      #expect(try machine.run().label == "halted")
      let picture = sink.picture
      let isExact = Array(picture.rows.joined()) == machine.pixels()
      #expect(isExact)
      let isMemory = machine.machine.readVideoMemory(0..<Self.size) == machine.pixels()
      #expect(isMemory)
      if guest != "gradient" { #expect(picture.partial > 0, "no partial damage was replayed") }
    }

    @Test("an idle screen costs neither a comparison nor a presentation")
    func idle() throws {
      let sink = ReplayingSink()
      // It never sleeps: going to sleep compares everything once.
      let machine = try Self.machine(
        "count=1 spin", sinks: [sink], framesPerSecond: 1000, idleAfter: .max)
      try machine.machine.start()
      try machine.waitForText("D")
      machine.machine.withFrame { _ in }
      let before = try #require(machine.machine.flushStatistics)
      let presentations = sink.picture.presentations
      while try #require(machine.machine.flushStatistics).ticks < before.ticks + 20 {
        _ = wait(for: 0, on: nil, or: machine.machine.stopEvent, timeout: 1)
      }
      let after = try #require(machine.machine.flushStatistics)
      #expect(after.frames.bytesCompared == before.frames.bytesCompared)
      #expect(after.frames.fullComparisons == 1)
      #expect(sink.picture.presentations == presentations)
      machine.machine.stop(.quit)
      _ = machine.end()
    }
  }
}
