import Display
import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// No ticks while nothing is drawn, and nothing lost by it.
  @Suite struct IdleTests {
    private static let framebuffer = MemoryMap.framebuffer.rawValue

    /// Whether the host allows the write trap. Where it does not, only the slow ticks are tested.
    private static let trapModes = IdleMode.detect() == .writeTrap ? [true, false] : [false]

    /// Counts, at the start of line (n modulo 128), and waits at the gate before each store.
    private static let countingCode: [UInt8] = [
      0xBB, 0x00, 0x00, 0x00, 0xE0,  // movl $0xE0000000, %ebx
      0x66, 0xBA, 0x00, 0x50,  // movw $0x5000, %dx
      0x31, 0xC9,  // xorl %ecx, %ecx
      0xEC,  // 1: inb %dx, %al
      0xFF, 0xC1,  // incl %ecx
      0x89, 0xC8,  // movl %ecx, %eax
      0x83, 0xE0, 0x7F,  // andl $127, %eax
      0xC1, 0xE0, 0x08,  // shll $8, %eax
      0x89, 0x0C, 0x03,  // movl %ecx, (%rbx, %rax)
      0xEB, 0xF0,  // jmp 1b
    ]

    /// The same at CPL 3.
    private static let userCode: [UInt8] =
      [
        0x6A, 0x23,  // pushq $0x23          SS
        0x54,  // pushq %rsp
        0x6A, 0x02,  // pushq $2             RFLAGS
        0x6A, 0x2B,  // pushq $0x2B          CS
        0x48, 0x8D, 0x05, 0x03, 0x00, 0x00, 0x00,  // leaq 3(%rip), %rax
        0x50,  // pushq %rax
        0x48, 0xCF,  // iretq
      ] + countingCode

    private static func machine(
      _ code: [UInt8], sinks: [any FrameSink & Sendable], usesWriteTrap: Bool = true,
      configure: (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> GatedMachine {
      try GatedMachine(code) {
        // 256 bytes a line.
        $0.framebuffer = FramebufferMode(width: 64, height: 128, bitsPerPixel: 32)
        $0.sinks = sinks
        $0.usesWriteTrap = usesWriteTrap
        $0.idleAfter = 1
        configure(&$0)
      }
    }

    private static func awaitPixel(_ value: UInt32, _ sink: ReplayingSink) throws {
      try eventually { sink.firstPixel(ofLine: Int(value % 128)) == value }
    }

    /// Has the guest store `changes` times while the flusher sleeps, is about to, or is awake; each
    /// store has to be shown before the next.
    private static func change(_ machine: GatedMachine, _ sink: ReplayingSink, changes: Int) throws
    {
      var random = SplitMix64(seed: 3)
      for value in 1...UInt32(changes) {
        if value % 2 == 0 { try machine.awaitSleep() }
        for _ in 0..<random.next() % 64 { _ = monotonicNanoseconds() }
        try machine.pass()
        try awaitPixel(value, sink)
      }
      let sleeps = try #require(machine.machine.flushStatistics).sleeps
      #expect(sleeps >= changes / 2)
      machine.stop()
      let isExact = sink.shows(machine.machine)
      #expect(isExact)
    }

    @Test(
      "thousands of idle and active changes lose nothing",
      .enabled(if: IdleMode.detect() == .writeTrap, "needs userfaultfd"),
      arguments: [(code: countingCode, changes: 2000), (userCode, 8000)])
    func manyChanges(code: [UInt8], changes: Int) throws {
      let sink = ReplayingSink()
      // Asleep again as soon as a tick has been made.
      let machine = try Self.machine(code, sinks: [sink]) { $0.idleAfter = 0 }
      try Self.change(machine, sink, changes: changes)
    }

    @Test(
      "without the trap they lose nothing either",
      arguments: [(code: countingCode, changes: 300), (userCode, 700)])
    func manySlowChanges(code: [UInt8], changes: Int) throws {
      let sink = ReplayingSink()
      let machine = try Self.machine(code, sinks: [sink], usesWriteTrap: false) {
        $0.slowTickInterval = 1_000_000
      }
      try Self.change(machine, sink, changes: changes)
    }

    @Test(
      "asleep there are no wake-ups, whatever else the guest does; the first store wakes it",
      .enabled(if: IdleMode.detect() == .writeTrap, "needs userfaultfd"))
    func noWakeUps() throws {
      let code = GuestCode { code in
        for _ in 0..<500 { code.gate() }
        code.store32(0xABCD, at: Self.framebuffer)
        code.gate()
      }
      let sink = ReplayingSink()
      let machine = try Self.machine(code.bytes, sinks: [sink])
      try machine.awaitSleep()
      let before = try #require(machine.machine.flushStatistics)
      for _ in 1..<500 { try machine.pass() }
      let after = try #require(machine.machine.flushStatistics)
      #expect(after.wakeUps == before.wakeUps)
      #expect(after.ticks == before.ticks)
      try machine.pass()
      try eventually { sink.firstPixel(ofLine: 0) == 0xABCD }
      #expect(try #require(machine.machine.flushStatistics).wakeUps > before.wakeUps)
      machine.stop()
    }

    @Test("without the trap a store is shown by one of a few ticks")
    func slowTicks() throws {
      let sink = ReplayingSink()
      let machine = try Self.machine(Self.userCode, sinks: [sink], usesWriteTrap: false) {
        $0.slowTickInterval = 30_000_000
      }
      for value: UInt32 in 1...10 {
        try machine.awaitSleep()
        try machine.pass()
        try Self.awaitPixel(value, sink)
      }
      machine.stop()
      let isExact = sink.shows(machine.machine)
      #expect(isExact)
    }

    @Test("input and a new sink end the sleep", arguments: trapModes)
    func activity(usesWriteTrap: Bool) throws {
      let machine = try Self.machine(
        Self.userCode, sinks: [NullSink()], usesWriteTrap: usesWriteTrap
      ) {
        // A tick that comes by itself would be no proof.
        $0.slowTickInterval = 60_000_000_000
      }
      try machine.awaitSleep()
      let before = try #require(machine.machine.flushStatistics)
      machine.machine.noteInput()
      try machine.wait { $0.wakeUps > before.wakeUps && $0.sleeps > before.sleeps }
      let sink = ReplayingSink()
      _ = try machine.machine.attach(sink)
      try eventually { sink.picture.presentations > 0 }
      machine.stop()
    }

    @Test(
      "a page flip, a palette and a mode are shown, although nothing is stored",
      arguments: trapModes)
    func registers(usesWriteTrap: Bool) throws {
      let code = GuestCode { code in
        code.gate()
        code.store32(0x11, at: Self.framebuffer)
        code.store32(0x22, at: Self.framebuffer + 32 * 256)
        code.gate()
        code.dispi(9, 32)  // the y offset
        code.gate()
        code.dispi(4, 0)
        code.dispi(3, 8)  // bits per pixel
        code.dispi(4, 0xC1)  // enable, keep video memory
        code.gate()
        code.out8(0x3C8, 0x11)
        for component: UInt8 in [63, 0, 0] { code.out8(0x3C9, component) }
        code.gate()
      }
      let sink = ReplayingSink()
      let red = CheckingSink { frame in
        frame.mode?.format == .indexed8 && frame.rgb(x: 0, y: 0) == RGB(red: 255, green: 0, blue: 0)
      }
      let machine = try Self.machine(
        code.bytes, sinks: [sink, red], usesWriteTrap: usesWriteTrap
      ) {
        $0.framebuffer = FramebufferMode(width: 64, height: 32, bitsPerPixel: 32)
        $0.slowTickInterval = 60_000_000_000
        // A few ticks, so that it is asleep only when nothing changes any more.
        $0.idleAfter = 5_000_000
      }
      try machine.pass()
      machine.machine.noteInput()
      try eventually { sink.firstPixel(ofLine: 0) == 0x11 }
      try machine.awaitSleep()
      try machine.pass()
      try eventually { sink.firstPixel(ofLine: 0) == 0x22 }
      try machine.awaitSleep()
      try machine.pass()
      try eventually { sink.picture.mode?.format == .indexed8 }
      try machine.awaitSleep()
      try machine.pass()
      try eventually { red.presentations > red.failures }
      machine.stop()
    }

    @Test(
      "the host's own clearing of the screen passes the armed trap and is shown (R4)",
      .enabled(if: IdleMode.detect() == .writeTrap, "needs userfaultfd"))
    func clearWhileAsleep() throws {
      let code = GuestCode { code in
        code.gate()
        for line in 0..<UInt64(128) { code.store32(.max, at: Self.framebuffer + line * 256) }
        code.gate()
        code.dispi(4, 0)
        code.dispi(4, 0x41)
        code.gate()
      }
      let sink = ReplayingSink()
      let machine = try Self.machine(code.bytes, sinks: [sink]) { $0.idleAfter = 5_000_000 }
      try machine.pass()
      try eventually { sink.firstPixel(ofLine: 127) == .max }
      try machine.awaitSleep()
      try machine.pass()
      try eventually {
        !sink.picture.rows.isEmpty && sink.picture.rows.joined().allSatisfy { $0 == 0 }
      }
      machine.stop()
      let isExact = sink.shows(machine.machine)
      #expect(isExact)
      let isClear = machine.machine.readVideoMemory(0..<128 * 256)?.allSatisfy { $0 == 0 }
      #expect(isClear == true)
    }

    @Test("screenshots, frames and the stop work while it sleeps", arguments: trapModes)
    func whileAsleep(usesWriteTrap: Bool) throws {
      for round in 0..<6 {
        let sink = ReplayingSink()
        let machine = try Self.machine(
          round % 2 == 0 ? Self.userCode : Self.countingCode, sinks: [sink],
          usesWriteTrap: usesWriteTrap
        ) { $0.slowTickInterval = 60_000_000_000 }
        try machine.awaitSleep()
        machine.machine.withFrame { #expect($0.width == 64) }
        if round % 4 < 2 { try machine.pass() }
        machine.stop()
        let isExact = sink.shows(machine.machine)
        #expect(isExact)
      }
    }

    @Test("a display that nobody watches any more is not polled")
    func unwatched() throws {
      let machine = try Self.machine(Self.userCode, sinks: [], usesWriteTrap: false) {
        $0.slowTickInterval = 1_000_000
      }
      let sink = ReplayingSink()
      let id = try #require(try machine.machine.attach(sink))
      try eventually { sink.picture.presentations > 0 }
      machine.machine.detach(id)
      try machine.awaitSleep()
      let before = try #require(machine.machine.flushStatistics)
      for _ in 0..<500 { try machine.pass() }
      let after = try #require(machine.machine.flushStatistics)
      // It may just have been about to notice.
      #expect(after.ticks - before.ticks <= 2)
      #expect(after.wakeUps - before.wakeUps <= 2)
      machine.stop()
    }
  }
}
