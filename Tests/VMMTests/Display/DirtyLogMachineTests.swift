import Display
import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// A whole machine with each of KVM's dirty logs.
  @Suite struct DirtyLogMachineTests {
    private static let framebuffer = MemoryMap.framebuffer.rawValue
    private static let width = 160
    private static let height = 100
    private static let size = width * height * 4

    private static func machine(
      _ interface: DirtyLogInterface, _ image: FlatImage, _ commandLine: String,
      sinks: [any FrameSink & Sendable] = []
    ) throws -> TestMachine {
      try TestMachine(image) {
        $0.memorySize = 4 << 20
        $0.framebuffer = FramebufferMode(width: width, height: height, bitsPerPixel: 32)
        $0.commandLine = commandLine
        $0.sinks = sinks
        $0.framesPerSecond = 1000
        $0.dirtyLog = interface
      }
    }

    private static func expectExact(
      _ machine: TestMachine, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let isExact = machine.machine.readVideoMemory(0..<size) == machine.pixels()
      #expect(isExact, comment, sourceLocation: sourceLocation)
    }

    @Test(
      "the last frame is exact, whenever the guest is stopped",
      arguments: DirtyLogInterface.available)
    func lastFrame(interface: DirtyLogInterface) throws {
      var random = SplitMix64(seed: 11)
      for round in 0..<12 {
        let seed = random.next() >> 1
        let sink = ReplayingSink()
        let machine = try Self.machine(
          interface, .guest("pages"), "seed=\(seed) count=16 forever",
          sinks: round % 3 == 0 ? [] : [sink])
        try machine.machine.start()
        try machine.waitForText("D")
        for _ in 0..<random.next() % 4 { machine.machine.withFrame { _ in } }
        // Long enough for pages to be opened, now and then.
        if round % 3 == 1 {
          try eventually { try #require(machine.machine.flushStatistics).ticks >= 30 }
        }
        for _ in 0..<random.next() % 2000 { _ = monotonicNanoseconds() }
        machine.machine.stop(.quit)
        machine.end()
        Self.expectExact(machine, "round \(round), seed \(seed)")
        if round % 3 != 0 {
          let isReplayed = sink.shows(machine.machine)
          #expect(isReplayed, "round \(round), seed \(seed)")
        }
      }
    }

    @Test(
      "sinks that come and go start with a full frame, and stay exact",
      arguments: DirtyLogInterface.available)
    func comingAndGoing(interface: DirtyLogInterface) throws {
      let machine = try Self.machine(interface, .guest("pages"), "seed=4 forever")
      try machine.machine.start()
      try machine.waitForText("D")
      var random = SplitMix64(seed: 6)
      var attached: [(id: SinkID, sink: ReplayingSink)] = []
      for _ in 0..<20 {
        if attached.count < 2 || Bool.random(using: &random) {
          let sink = ReplayingSink()
          let id = try #require(try machine.machine.attach(sink))
          attached.append((id, sink))
          try eventually { sink.picture.presentations > 0 }
          #expect(sink.picture.partial < sink.picture.presentations, "no full frame at first")
        } else {
          let (id, sink) = attached.remove(at: .random(in: attached.indices, using: &random))
          #expect(machine.machine.detach(id) as? ReplayingSink === sink)
          #expect(machine.machine.detach(id) == nil)
          // Nobody draws on it any more.
          let presentations = sink.picture.presentations
          machine.machine.withFrame { _ in }
          #expect(sink.picture.presentations == presentations)
        }
      }
      machine.machine.stop(.quit)
      machine.end()
      Self.expectExact(machine, "seed 6")
      #expect(!attached.isEmpty)
      for (_, sink) in attached {
        let isExact = sink.shows(machine.machine)
        #expect(isExact)
      }
    }

    @Test("modes, palettes and page flips are shown", arguments: DirtyLogInterface.available)
    func registers(interface: DirtyLogInterface) throws {
      let code = GuestCode { code in
        code.gate()
        code.store32(0x0000_00FF, at: Self.framebuffer)
        code.store32(0x0000_FF00, at: Self.framebuffer + 32 * 256)
        code.gate()
        code.dispi(9, 32)  // the y offset: what no store has touched lately
        code.gate()
        code.dispi(4, 0)
        code.dispi(3, 8)  // bits per pixel
        code.dispi(4, 0x41)  // enable, clear
        code.store32(0x0000_0007, at: Self.framebuffer)
        code.out8(0x3C8, 7)
        for component: UInt8 in [63, 0, 0] { code.out8(0x3C9, component) }
        code.gate()
        code.out8(0x3C8, 7)
        for component: UInt8 in [0, 0, 63] { code.out8(0x3C9, component) }
        code.gate()
      }
      let machine = try GatedMachine(code.bytes) {
        $0.framebuffer = FramebufferMode(width: 64, height: 32, bitsPerPixel: 32)
        $0.dirtyLog = interface
      }
      for color in [
        RGB(red: 0, green: 0, blue: 255), RGB(red: 0, green: 255, blue: 0),
        RGB(red: 255, green: 0, blue: 0), RGB(red: 0, green: 0, blue: 255),
      ] {
        try machine.pass()
        machine.machine.withFrame { #expect($0.rgb(x: 0, y: 0) == color) }
      }
      machine.stop()
      machine.machine.withFrame { #expect($0.mode?.format == .indexed8) }
    }

    @Test("the statistics add up", arguments: DirtyLogInterface.available)
    func statistics(interface: DirtyLogInterface) throws {
      let machine = try Self.machine(
        interface, .guest("pages"), "seed=4 forever", sinks: [NullSink()])
      try machine.machine.start()
      try machine.waitForText("D")
      try eventually { try #require(machine.machine.flushStatistics).ticksWithDamage >= 20 }
      machine.machine.stop(.quit)
      machine.end()
      let statistics = try #require(machine.machine.flushStatistics)
      #expect(statistics.ticks >= statistics.frames.updates)
      #expect(statistics.ticksWithDamage <= statistics.ticks)
      #expect(statistics.frames.pagesChanged <= statistics.frames.pagesVisible)
      #expect(statistics.frames.bytesCopied <= statistics.frames.bytesCompared)
      #expect((0...1).contains(statistics.falsePositiveRatio))
      #expect(statistics.pagesOpen <= (16 << 20) / 4096)
      #expect(statistics.pagesOpen > 0, "a guest that draws without pause has hot pages")
      #expect(statistics.harvestTime > 0 && statistics.compareTime > 0)
      #expect(FlushStatistics().falsePositiveRatio == 0)
    }
  }
}
