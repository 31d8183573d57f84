import Devices
import Display
import Glibc
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Frames that end where the guest says.
  @Suite struct PresentTests {
    private static let framebuffer = MemoryMap.framebuffer.rawValue
    private static let doorbell = PresentDoorbell.port.lowerBound

    /// Fills a screen of 64x64x32 with n in two halves, then rings, for n from 0.
    private static func twoHalves(frames: UInt32) -> [UInt8] {
      [0x31, 0xDB]  // xorl %ebx, %ebx
        + [0x66, 0xBA] + little(doorbell)  // movw $doorbell, %dx
        + [
          0xBF, 0x00, 0x00, 0x00, 0xE0,  // 1: movl $0xE0000000, %edi
          0x89, 0xD8,  // movl %ebx, %eax
          0xB9, 0x00, 0x08, 0x00, 0x00,  // movl $2048, %ecx
          0xF3, 0xAB,  // rep stosl
          0xB9, 0x00, 0x08, 0x00, 0x00,  // movl $2048, %ecx
          0xF3, 0xAB,  // rep stosl
          0xEE,  // outb %al, %dx
          0xFF, 0xC3,  // incl %ebx
          0x81, 0xFB,  // cmpl $frames, %ebx
        ] + little(frames) + [
          0x75, 0xE0,  // jne 1b
          0xFA, 0xF4,  // cli; hlt
        ]
    }

    /// Whether all lines have the same colour.
    private static let isWhole: @Sendable (borrowing Frame) -> Bool = { frame in
      let first = frame.rgb(x: 0, y: 0)
      return (0..<frame.height).allSatisfy { frame.rgb(x: 63, y: $0) == first }
    }

    private static func configure(
      _ configuration: inout MachineConfiguration, _ sinks: [any FrameSink & Sendable],
      isPresented: Bool = true
    ) {
      configuration.framebuffer = FramebufferMode(width: 64, height: 64, bitsPerPixel: 32)
      configuration.framesPerSecond = 1000
      configuration.isPresentedByGuest = isPresented
      configuration.sinks = sinks
    }

    @Test(
      "a sink sees whole frames only, and every one of them", arguments: DirtyLogInterface.available
    )
    func wholeFrames(interface: DirtyLogInterface) throws {
      let sink = CheckingSink(Self.isWhole)
      let machine = try TestMachine(.code(Self.twoHalves(frames: 100))) {
        Self.configure(&$0, [sink])
        $0.dirtyLog = interface
      }
      #expect(try machine.run().label == "halted")
      #expect(sink.failures == 0)
      // The first one is as black as the screen was.
      #expect(sink.presentations >= 100)
    }

    @Test("without the doorbell's frames the same guest is seen in the middle of its drawing")
    func halfFrames() throws {
      let sink = CheckingSink(Self.isWhole)
      let machine = try TestMachine(.code(Self.twoHalves(frames: 300))) {
        Self.configure(&$0, [sink], isPresented: false)
      }
      #expect(try machine.run().label == "halted")
      #expect(sink.failures > 0, "this guest cannot show that frames are whole")
    }

    @Test("a guest that never rings is shown all the same")
    func neverRings() throws {
      let sink = ReplayingSink()
      let machine = try TestMachine(.guest("scanlines")) {
        Self.configure(&$0, [sink])
        $0.commandLine = "frames=1000000 pause=1"
      }
      try machine.machine.start()
      try eventually { sink.picture.partial > 0 }
      machine.machine.stop(.quit)
      machine.end()
      let isExact = sink.shows(machine.machine)
      #expect(isExact)
    }

    @Test("half a frame is for nobody's eyes before the machine has stopped")
    func halfDrawn() throws {
      let code = GuestCode { code in
        code.gate()
        code.store32(1, at: Self.framebuffer)
        code.out8(Self.doorbell, 0)
        code.gate()
        code.store32(2, at: Self.framebuffer)
        code.gate()
      }
      let sink = ReplayingSink()
      let machine = try GatedMachine(code.bytes) { Self.configure(&$0, [sink]) }
      try machine.pass()
      #expect(sink.firstPixel(ofLine: 0) == 1, "the guest goes on when its frame has been taken")
      try machine.pass()
      // Neither a screenshot nor a new sink, which starts with a full frame, sees the 2.
      machine.machine.withFrame { #expect($0.rgb(x: 0, y: 0).blue == 1) }
      let late = ReplayingSink()
      _ = try machine.machine.attach(late)
      try eventually { late.picture.presentations > 0 }
      #expect(late.firstPixel(ofLine: 0) == 1)
      #expect(sink.firstPixel(ofLine: 0) == 1)
      machine.stop()
      machine.machine.withFrame {
        #expect($0.rgb(x: 0, y: 0).blue == 2, "exact after the stop (R3)")
      }
      #expect(sink.firstPixel(ofLine: 0) == 2)
      #expect(late.firstPixel(ofLine: 0) == 2)
    }

    @Test("a guest that floods the doorbell is held back, and can be stopped")
    func flood() throws {
      let code =
        [0x66, 0xBA] + little(Self.doorbell) + [
          0xEE,  // 1: outb %al, %dx
          0xEB, 0xFD,  // jmp 1b
        ]
      let machine = try TestMachine(.code(code)) {
        Self.configure(&$0, [NullSink()])
        $0.framesPerSecond = 1
      }
      try machine.machine.start()
      try eventually { machine.machine.flushStatistics?.ticks != 0 }
      machine.machine.stop(.timeout)
      #expect(machine.end().label == "timeout")
      #expect(try #require(machine.machine.flushStatistics).ticks < 20)
    }
  }
}
