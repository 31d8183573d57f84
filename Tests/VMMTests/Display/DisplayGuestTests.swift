import Display
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct DisplayGuestTests {
    private static let framebuffer = MemoryMap.framebuffer.rawValue
    private static let xRes: UInt16 = 1
    private static let yRes: UInt16 = 2
    private static let bpp: UInt16 = 3
    private static let enable: UInt16 = 4
    private static let yOffset: UInt16 = 9
    private static let enabledLinear: UInt16 = 0x41
    private static let noClear: UInt16 = 0x80

    private func machine(_ build: (inout GuestCode) -> Void) throws -> TestMachine {
      try TestMachine(.code(GuestCode(build).bytes)) {
        $0.framebuffer = FramebufferMode(width: 64, height: 32, bitsPerPixel: 32)
      }
    }

    @Test("a mode that clears the screen is shown, although KVM logs no store of the host (R4)")
    func clear() throws {
      let machine = try machine { code in
        for page: UInt64 in 0..<2 { code.store32(.max, at: Self.framebuffer + page * 4096) }
        code.print("drawn")
        code.waitForInput()
        // The same mode again, so that nothing but the marked pages tells of the clearing.
        code.dispi(Self.enable, 0)
        code.dispi(Self.enable, Self.enabledLinear)
        code.halt()
      }
      let black = [UInt8](repeating: 0, count: 64 * 32 * 4)
      let wasBlack = machine.pixels() == black
      #expect(wasBlack)
      try machine.machine.start()
      try machine.waitForText("drawn")
      let drawn = machine.pixels()
      #expect(drawn[0] == 0xFF && drawn[4096] == 0xFF)
      try machine.send([0])
      #expect(machine.end().label == "halted")
      let isBlack = machine.pixels() == black
      #expect(isBlack)
      let isClear = machine.machine.readVideoMemory(0..<black.count) == black
      #expect(isClear)
      #expect(machine.machine.flushStatistics?.frames.fullComparisons == 1)
    }

    @Test("a mode that keeps video memory shows it")
    func noClear() throws {
      let machine = try machine { code in
        code.store32(0x0011_2233, at: Self.framebuffer)
        code.dispi(Self.enable, 0)
        code.dispi(Self.enable, Self.enabledLinear | Self.noClear)
        code.halt()
      }
      #expect(try machine.run().label == "halted")
      machine.machine.withFrame { frame in
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0x11, green: 0x22, blue: 0x33))
      }
    }

    @Test("the guest sets another mode")
    func modeChange() throws {
      let machine = try machine { code in
        code.dispi(Self.enable, 0)
        code.dispi(Self.xRes, 640)
        code.dispi(Self.yRes, 480)
        code.dispi(Self.bpp, 16)
        code.dispi(Self.enable, Self.enabledLinear)
        code.store32(0x07E0_F800, at: Self.framebuffer + 640 * 2)  // red, green
        code.halt()
      }
      #expect(try machine.run().label == "halted")
      machine.machine.withFrame { frame in
        #expect(frame.width == 640)
        #expect(frame.height == 480)
        #expect(frame.mode?.format == .rgb565)
        #expect(frame.rgb(x: 0, y: 1) == RGB(red: 255, green: 0, blue: 0))
        #expect(frame.rgb(x: 1, y: 1) == RGB(red: 0, green: 255, blue: 0))
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0, green: 0, blue: 0))
      }
    }

    @Test("the guest flips to another page")
    func pageFlip() throws {
      let machine = try machine { code in
        code.store32(0x0000_00FF, at: Self.framebuffer)
        code.store32(0x0000_FF00, at: Self.framebuffer + 32 * 64 * 4)
        code.print("first")
        code.waitForInput()
        code.dispi(Self.yOffset, 32)
        code.halt()
      }
      try machine.machine.start()
      try machine.waitForText("first")
      machine.machine.withFrame { frame in
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0, green: 0, blue: 255))
      }
      try machine.send([0])
      #expect(machine.end().label == "halted")
      machine.machine.withFrame { frame in
        #expect(frame.mode?.startOffset == 32 * 64 * 4)
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0, green: 255, blue: 0))
      }
    }

    @Test("the guest sets a palette through the DAC")
    func palette() throws {
      let machine = try machine { code in
        code.dispi(Self.enable, 0)
        code.dispi(Self.bpp, 8)
        code.dispi(Self.enable, Self.enabledLinear)
        code.store32(0x0000_2A07, at: Self.framebuffer)
        code.out8(0x3C8, 7)
        // Six bits a component; entry 8 follows.
        for component: UInt8 in [63, 0, 32, 1, 2, 3] { code.out8(0x3C9, component) }
        code.print("set")
        code.waitForInput()
        code.out8(0x3C8, 0x2A)
        for component: UInt8 in [0, 63, 0] { code.out8(0x3C9, component) }
        code.halt()
      }
      try machine.machine.start()
      try machine.waitForText("set")
      machine.machine.withFrame { frame in
        #expect(frame.mode?.format == .indexed8)
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 255, green: 0, blue: 130))
      }
      try machine.send([0])
      #expect(machine.end().label == "halted")
      machine.machine.withFrame { frame in
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 255, green: 0, blue: 130))
        #expect(frame.rgb(x: 1, y: 0) == RGB(red: 0, green: 255, blue: 0))
      }
    }

    @Test("a display that is switched off shows an empty frame")
    func switchedOff() throws {
      let machine = try machine { code in
        code.dispi(Self.enable, 0)
        code.halt()
      }
      machine.machine.withFrame { frame in
        #expect(frame.width == 64)
      }
      #expect(try machine.run().label == "halted")
      machine.machine.withFrame { frame in
        let isEmpty = frame.isEmpty
        #expect(isEmpty)
      }
    }

    @Test("a machine without a framebuffer shows an empty frame")
    func noFramebuffer() throws {
      let machine = try TestMachine(.guest("hello64")) { $0.framebuffer = nil }
      #expect(try machine.run().label == "halted")
      machine.machine.withFrame { frame in
        let isEmpty = frame.isEmpty
        #expect(isEmpty)
      }
      #expect(machine.machine.flushStatistics?.frames == nil)
      #expect(machine.machine.readVideoMemory(0..<1) == nil)
    }

    @Test("absurd modes end well, with a frame that fits in video memory")
    func absurdModes() throws {
      let machine = try TestMachine(.guest("absurdmode"))
      #expect(try machine.run().label == "halted")
      let text = try machine.text()
      #expect(text.hasSuffix("absurdmode: still here\n"))
      #expect(text.split(separator: "\n").count { $0.hasPrefix("asked for ") } == 6)
      let mode = try #require(machine.machine.withFrame { $0.mode })
      #expect(mode.width == 640)
      #expect(mode.height <= 480)
      #expect(mode.window.upperBound <= 16 << 20)
    }

    @Test("accesses outside video memory end well")
    func outOfBounds() throws {
      let machine = try TestMachine(.guest("outofbounds"))
      #expect(try machine.run().label == "halted")
      #expect(
        try machine.text() == """
          memory 0xe0fffffc reads 0x5afe5afe
          memory 0xe1000000 reads 0xffffffff
          memory 0xe1001000 reads 0xffffffff
          memory 0xd0000000 reads 0xffffffff
          port 0x02e8 reads 0xff
          port 0x0cfc reads 0xff
          port 0x5678 reads 0xff
          port 0xffff reads 0xff
          outofbounds: still here

          """)
      let end = 16 << 20
      #expect(machine.machine.readVideoMemory(end - 4..<end) == [0xFE, 0x5A, 0xFE, 0x5A])
      #expect(machine.machine.readVideoMemory(end - 4..<end + 1) == nil)
      #expect(machine.machine.unclaimedAccesses.portReads == 4)
      #expect(machine.machine.unclaimedAccesses.portWrites == 4)
    }
  }
}
