import Devices
import Display
import KVM
import Synchronization
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  @Suite struct VGAGuestTests {
    private static let text: UInt64 = 0xB_8000
    private static let pixels: UInt64 = 0xA_0000

    private func machine(
      dirtyLog: DirtyLogInterface? = nil, framebuffer: FramebufferMode? = .small,
      _ build: (inout GuestCode) -> Void
    ) throws -> TestMachine {
      try TestMachine(.code(GuestCode(build).bytes)) {
        $0.vga = .on
        $0.framebuffer = framebuffer
        $0.dirtyLog = dirtyLog
      }
    }

    /// The pixels of the cell in `column` of `row`, 9 x 16: whether each is as `color`.
    private func cell(_ machine: TestMachine, row: Int, column: Int, is color: RGB) -> [[Bool]] {
      machine.machine.withFrame { frame in
        (0..<16).map { line in
          (0..<9).map { frame.rgb(x: 9 * column + $0, y: 16 * row + line) == color }
        }
      }
    }

    private func glyph(_ character: Character) -> [[Bool]] {
      let code = Int(character.asciiValue ?? 0)
      return (0..<16).map { line in
        let dots = VGAFont.size8x16.glyphs[16 * code + line]
        return (0..<8).map { dots & (0x80 >> UInt8($0)) != 0 } + [false]
      }
    }

    @Test("a machine with a VGA starts in text mode, all spaces, and its framebuffer is off")
    func start() throws {
      let machine = try machine { $0.halt() }
      #expect(try machine.run().label == "halted")
      machine.machine.withFrame { frame in
        #expect((frame.width, frame.height) == (720, 400))
        // The cursor is the only light.
        let light = RGB(red: 170, green: 170, blue: 170)
        var lit: [[Int]] = []
        for y in 0..<400 {
          for x in 0..<720 where frame.rgb(x: x, y: y) == light { lit.append([x, y]) }
        }
        #expect(lit == [13, 14].flatMap { y in (0..<9).map { [$0, y] } })
      }
    }

    @Test(
      "what a guest stores at 0xB8000 is on the screen, in its colours",
      arguments: DirtyLogInterface.allCases)
    func characters(log: DirtyLogInterface) throws {
      let hypervisor = try Hypervisor()
      guard log.isAvailable(on: hypervisor) else { return }
      let machine = try machine(dirtyLog: log) { code in
        code.print("ready")
        code.waitForInput()
        // "S" in yellow on blue, "c" in light grey on red: cells 2 and 3 of the second row.
        code.store32(0x4763_1E53, at: Self.text + 2 * 82)
        code.halt()
      }
      _ = try machine.machine.attach(NullSink())
      try machine.machine.start()
      try machine.waitForText("ready")
      try machine.send([0])
      #expect(machine.end().label == "halted")
      let yellow = RGB(red: 255, green: 255, blue: 85)
      let blue = RGB(red: 0, green: 0, blue: 170)
      #expect(cell(machine, row: 1, column: 2, is: yellow) == glyph("S"))
      let ground = cell(machine, row: 1, column: 2, is: blue).map { $0.map { !$0 } }
      #expect(ground == glyph("S"))
      let grey = RGB(red: 170, green: 170, blue: 170)
      #expect(cell(machine, row: 1, column: 3, is: grey) == glyph("c"))
    }

    @Test("a machine without a linear framebuffer has the VGA alone")
    func withoutFramebuffer() throws {
      let machine = try machine(framebuffer: nil) { code in
        code.store32(0x0741_0741, at: Self.text)
        code.halt()
      }
      #expect(try machine.run().label == "halted")
      #expect(
        cell(machine, row: 0, column: 1, is: RGB(red: 170, green: 170, blue: 170)) == glyph("A"))
    }

    @Test("another start address shows other cells, and damages only what differs")
    func pageFlip() throws {
      let damage = Mutex<[Damage]>([])
      let machine = try machine { code in
        // The second page is like the first, but for its first character.
        for cell: UInt64 in 0..<1000 { code.store32(0x0720_0720, at: Self.text + 4096 + 4 * cell) }
        code.store32(0x0720_0741, at: Self.text + 4096)
        code.out16(0x3D4, 0x200A)  // no cursor
        code.print("ready")
        code.waitForInput()
        code.out16(0x3D4, 0x080C)  // start address 0x800: 4096 bytes further
        code.halt()
      }
      try machine.machine.start()
      try machine.waitForText("ready")
      machine.machine.withFrame { #expect($0.rgb(x: 3, y: 5) == RGB(red: 0, green: 0, blue: 0)) }
      _ = try machine.machine.attach(DamageSink { new in damage.withLock { $0.append(new) } })
      // A new sink starts with a full frame.
      try eventually { damage.withLock { !$0.isEmpty } }
      try machine.send([0])
      #expect(machine.end().label == "halted")
      #expect(
        cell(machine, row: 0, column: 0, is: RGB(red: 170, green: 170, blue: 170)) == glyph("A"))
      let last = try #require(damage.withLock { $0.last })
      let box = try #require(last.boundingBox)
      #expect(box.columns.upperBound <= 8 && box.lines.upperBound <= 16)
    }

    @Test("mode 13h shows the bytes at 0xA0000 by the palette, and a palette without a store")
    func graphics() throws {
      let machine = try machine { code in
        code.setMode13h()
        code.store32(0x0403_0201, at: Self.pixels + 320 * 7)
        code.print("drawn")
        code.waitForInput()
        code.out8(0x3C8, 2)
        for component: UInt8 in [63, 0, 21] { code.out8(0x3C9, component) }
        code.halt()
      }
      try machine.machine.start()
      try machine.waitForText("drawn")
      machine.machine.withFrame { frame in
        #expect((frame.width, frame.height) == (320, 200))
        #expect(frame.rgb(x: 1, y: 7) == RGB(red: 0, green: 170, blue: 0))
      }
      try machine.send([0])
      #expect(machine.end().label == "halted")
      machine.machine.withFrame { frame in
        #expect(frame.rgb(x: 1, y: 7) == RGB(red: 255, green: 0, blue: 85))
        #expect(frame.rgb(x: 0, y: 7) == RGB(red: 0, green: 0, blue: 170))
      }
    }

    @Test(
      "the framebuffer is shown once the guest switches it on, and the VGA when it is off again")
    func framebuffer() throws {
      let machine = try machine { code in
        code.store32(0x0741_0741, at: Self.text)
        for (index, value): (UInt16, UInt16) in [(1, 64), (2, 32), (3, 32), (4, 0x41)] {
          code.dispi(index, value)
        }
        code.store32(0x0012_3456, at: MemoryMap.framebuffer.rawValue)
        code.print("linear")
        code.waitForInput()
        code.dispi(4, 0)
        code.halt()
      }
      try machine.machine.start()
      try machine.waitForText("linear")
      machine.machine.withFrame { frame in
        #expect((frame.width, frame.height) == (64, 32))
        #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0x12, green: 0x34, blue: 0x56))
      }
      try machine.send([0])
      #expect(machine.end().label == "halted")
      #expect(
        cell(machine, row: 0, column: 1, is: RGB(red: 170, green: 170, blue: 170)) == glyph("A"))
    }

    @Test("a planar mode leaves the screen dark, is told once, and counted each time")
    func planar() throws {
      let told = Mutex<[String]>([])
      var configuration = MachineConfiguration()
      configuration.memorySize = 16 << 20
      configuration.vga = .on
      configuration.onUnsupportedVideoMode = { mode in told.withLock { $0.append(mode) } }
      let code = GuestCode { code in
        code.setMode13h()
        code.out16(0x3C4, 0x0604)  // unchained: mode X
        code.halt()
      }
      let machine = try Machine(configuration, image: .code(code.bytes))
      try machine.start()
      #expect(machine.wait().label == "halted")
      let isEmpty = machine.withFrame { $0.isEmpty }
      #expect(isEmpty)
      #expect(told.withLock { $0 } == ["320x200, 256 colours in planes (mode X)"])
      #expect(machine.flushStatistics?.unsupportedModes == 1)
    }

    @Test("a reset leads back to an empty screen in text mode")
    func reset() throws {
      let machine = try machine { code in
        code.setMode13h()
        code.store32(0x0101_0101, at: Self.pixels)
        code.store32(0x0101_0101, at: Self.text)
        code.print("drawn")
        code.spin()
      }
      try machine.machine.start()
      try machine.waitForText("drawn")
      machine.machine.pause()
      try machine.machine.reset()
      let frame = machine.machine.captureFrame()
      #expect((frame.width, frame.height) == (720, 400))
      #expect(frame.rgb(x: 0, y: 0) == RGB(red: 0, green: 0, blue: 0))
      let window = try #require(machine.machine.flusher?.video.window)
      #expect(window.read(0..<4) == [0, 0, 0, 0])
      #expect(window.read(VGAWindow.text..<VGAWindow.text + 4) == [0x20, 7, 0x20, 7])
      machine.machine.stop(.quit)
      machine.machine.resume()
      machine.end()
    }

    @Test("the host's own stores into the window are seen, and those beside it refused")
    func window() throws {
      let machine = try machine { $0.halt() }
      _ = try machine.machine.attach(NullSink())
      let window = try #require(machine.machine.flusher?.video.window)
      #expect(window.write([0x42, 0x07], at: VGAWindow.text + 160))
      #expect(!window.write([0, 0], at: VGA.memorySize - 1))
      #expect(!window.write([0], at: -1))
      #expect(window.read(VGA.memorySize - 1..<VGA.memorySize + 1) == nil)
      #expect(try machine.run().label == "halted")
      #expect(
        cell(machine, row: 1, column: 0, is: RGB(red: 170, green: 170, blue: 170)) == glyph("B"))
    }

    @Test("an image that lies in the window is refused, and without a VGA it is not")
    func overlap() throws {
      let image = try FlatImage.code(
        [0xFA, 0xF4], mode: .protected, loadAddress: GuestAddress(0xB_0000))
      let error = #expect(throws: VMMError.self) {
        _ = try TestMachine(image) { $0.vga = .on }
      }
      #expect("\(try #require(error))".contains("--vga off"))
      #expect(try TestMachine(image) { $0.vga = .off }.run().label == "halted")
    }

    @Test("a boot sector finds a VGA without being asked, any other image does not")
    func presence() throws {
      let sector = BootImage.flat(try .guest("textmode"))
      let other = BootImage.flat(try .code([0xF4]))
      #expect(VGAPresence.auto.isPresent(for: sector) && !VGAPresence.auto.isPresent(for: other))
      #expect(!VGAPresence.off.isPresent(for: sector) && VGAPresence.on.isPresent(for: other))
    }

    @Test(
      "the sample guests draw the same pictures every time",
      arguments: [("textmode", 720, 400), ("cga", 320, 200), ("plasma", 320, 200)])
    func samples(name: String, width: Int, height: Int) throws {
      let pictures = try (0..<2).map { _ in
        let machine = try TestMachine(booting: .guest(name))
        #expect(try machine.run().label == "halted")
        machine.machine.withFrame { #expect(($0.width, $0.height) == (width, height)) }
        return machine.machine.withFrame { PictureHash(of: $0).value }
      }
      #expect(pictures == [Self.expected[name], Self.expected[name]])
    }

    /// Looked at, and then taken down.
    private static let expected: [String: UInt64] = [
      "textmode": 1_540_069_747_081_355_154, "cga": 17_626_004_429_365_025_360,
      "plasma": 5_534_489_203_517_411_251,
    ]
  }
}

/// FNV-1a over the colours of a picture, line by line.
private struct PictureHash {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  init(of frame: borrowing Frame) {
    var row = [UInt8](repeating: 0, count: 3 * frame.width)
    for line in 0..<frame.height {
      var span = row.mutableSpan
      frame.copyRGBRow(line, into: &span)
      for byte in row { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
  }
}

/// Hands on the damage.
private struct DamageSink: FrameSink, Sendable {
  let onDamage: @Sendable (Damage) -> Void

  mutating func present(_ frame: borrowing Frame, damage: Damage) { onDamage(damage) }
}

extension FramebufferMode? {
  fileprivate static var small: FramebufferMode? {
    FramebufferMode(width: 64, height: 32, bitsPerPixel: 32)
  }
}

extension GuestCode {
  /// What differs between text mode and mode 13h.
  fileprivate mutating func setMode13h() {
    out8(0x3C2, 0x63)
    for value: UInt16 in [0x0101, 0x0F02, 0x0E04] { out16(0x3C4, value) }
    for value: UInt16 in [0x4109, 0x2813, 0x4014, 0xA317] { out16(0x3D4, value) }
    for value: UInt16 in [0x4005, 0x0506] { out16(0x3CE, value) }
  }
}
