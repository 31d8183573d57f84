import Devices
import Testing

@Suite("VGA registers", .timeLimit(.minutes(5)))
struct VGARegisterTests {
  @Test(
    "registers read back the bits that they have",
    arguments: [
      (UInt16(0x3C4), UInt8(1), UInt8(0x3D)), (0x3C4, 2, 0x0F), (0x3C4, 4, 0x0E), (0x3C4, 5, 0x00),
      (0x3CE, 0, 0x0F), (0x3CE, 3, 0x1F), (0x3CE, 5, 0x7B), (0x3CE, 6, 0x0F), (0x3CE, 8, 0xFF),
      (0x3CE, 9, 0x00), (0x3D4, 0x0C, 0xFF), (0x3D4, 0x18, 0xFF), (0x3D4, 0x19, 0x00),
    ])
  func readBack(port: UInt16, index: UInt8, bits: UInt8) {
    let vga = VGA()
    vga.set(port, index, 0xFF)
    #expect(vga.get(port, index) == bits)
    vga.set(port, index, 0x00)
    #expect(vga.get(port, index) == 0)
  }

  @Test("a word to an index port is the index and its data")
  func words() {
    let vga = VGA()
    vga.write(port: 0x3D4, size: 2, value: 0x120E)
    vga.write(port: 0x3D4, size: 2, value: 0x340F)
    #expect(vga.text?.cursorLocation == 0x1234)
    #expect(vga.read(port: 0x3D4, size: 2) & 0xFFFF == 0x340F)
  }

  @Test("the first eight registers of the CRT controller can be protected, but for one bit")
  func protection() {
    let vga = VGA()
    #expect(vga.get(0x3D4, 0x11) & 0x80 != 0, "a BIOS leaves them protected")
    vga.set(0x3D4, 0x01, 39)
    #expect(vga.text?.columns == 80)
    vga.set(0x3D4, 0x07, 0x00)
    #expect(vga.get(0x3D4, 0x07) == 0x0F, "the bit of the line compare has changed")
    vga.set(0x3D4, 0x11, 0x0E)
    vga.set(0x3D4, 0x01, 39)
    #expect(vga.text?.columns == 40)
  }

  @Test("port 0x3C0 takes index and data in turn, and a read of 0x3DA makes the index come next")
  func flipFlop() {
    let vga = VGA()
    _ = vga.in(0x3DA)
    vga.out(0x3C0, 0x30)  // the index of the mode control
    _ = vga.in(0x3DA)
    vga.out(0x3C0, 0x31)  // an index again
    vga.out(0x3C0, 0x2A)
    #expect(vga.in(0x3C0) == 0x31)
    #expect(vga.in(0x3C1) == 0x2A)
    vga.out(0x3C0, 0x30)
    #expect(vga.in(0x3C1) == 0x0C, "the mode control is as it was")
  }

  @Test("the palette belongs to the CPU only while the picture is off, and then nothing is shown")
  func paletteAccess() {
    let vga = VGA()
    _ = vga.in(0x3DA)
    vga.out(0x3C0, 0x21)
    vga.out(0x3C0, 0x3F)
    #expect(vga.text?.dacIndices[1] == 1)
    vga.out(0x3C0, 0x01)
    vga.out(0x3C0, 0x3F)
    #expect(vga.text?.dacIndices[1] == 0x3F)
    #expect(vga.text?.isBlank == true)
    vga.out(0x3C0, 0x20)
    #expect(vga.text?.isBlank == false)
  }

  @Test("the colour select register gives the upper bits of the DAC's index")
  func colorSelect() {
    let vga = VGA()
    #expect(
      vga.text?.dacIndices == [0, 1, 2, 3, 4, 5, 0x14, 7] + (0x38...0x3F).map { UInt8($0) })
    vga.setAttribute(0x14, 0x0B)
    #expect(vga.text?.dacIndices[6] == 0x94, "bits 7 and 6 always")
    vga.setAttribute(0x10, 0x8C)
    #expect(vga.text?.dacIndices[6] == 0xB4, "bits 5 and 4 if the mode control says so")
    vga.setAttribute(0x12, 0x03)
    #expect(vga.text?.dacIndices[6] == 0xB2, "a plane that is off is 0 in the colour's number")
  }

  @Test("with a monochrome adapter's addresses the CRT controller is at 0x3B4")
  func monochrome() {
    let vga = VGA()
    vga.out(0x3D4, 0x0F)
    vga.out(0x3C2, vga.in(0x3CC) & ~1)
    #expect(vga.in(0x3D4) == 0xFF)
    #expect(vga.in(0x3DA) == 0xFF)
    vga.set(0x3B4, 0x0F, 0x77)
    #expect(vga.text?.cursorLocation == 0x77)
    vga.out(0x3C0, 0x11)
    _ = vga.in(0x3BA)
    vga.out(0x3C0, 0x35)
    #expect(vga.in(0x3C0) == 0x35, "0x3BA resets the flip-flop")
  }

  @Test("every change is announced, after it has been made")
  func announcements() {
    let counter = Counter()
    let vga = VGA(onChange: { counter.increment() })
    let (generation, count) = (vga.generation, counter.count)
    vga.set(0x3D4, 0x0F, 5)
    #expect(vga.generation == generation + 2)
    #expect(counter.count == count + 2)
    _ = vga.in(0x3D5)
    #expect(vga.generation == generation + 2, "a read changes nothing")
  }

  @Test("a reset leads back to the initial mode, whatever was set")
  func reset() {
    let vga = VGA()
    let (picture, glyphs) = (vga.picture(), vga.glyphs())
    vga.setMode(.graphics320x200)
    vga.loadFont(.size8x8)
    vga.out(0x3C2, 0)
    vga.out(0x3C0, 0x20)
    vga.reset()
    #expect(vga.glyphs() == glyphs)
    #expect(vga.in(0x3CC) == 0x67)
    guard case .text(var before) = picture, let after = vga.text else {
      Issue.record("no text mode")
      return
    }
    before.fontGeneration = after.fontGeneration
    #expect(before == after)
  }
}

@Suite("VGA retrace", .timeLimit(.minutes(5)))
struct VGARetraceTests {
  /// Samples input status 1 once a microsecond for a second.
  private func sample(_ mode: VGAMode) -> (frames: Int, lines: Int, retrace: Int) {
    let time = FakeTime()
    let vga = VGA(mode, time: time)
    var (frames, lines, retrace) = (0, 0, 0)
    var last = vga.in(0x3DA)
    for _ in 0..<1_000_000 {
      time.pass(1000)
      let status = vga.in(0x3DA)
      if status & 8 != 0 { retrace += 1 }
      if status & 8 != 0, last & 8 == 0 { frames += 1 }
      if status & 1 != 0, last & 1 == 0 { lines += 1 }
      last = status
    }
    return (frames, lines, retrace)
  }

  @Test(
    "70 times a second the vertical retrace, 28,000 times the end of a visible line",
    arguments: VGAMode.allCases)
  func rate(mode: VGAMode) {
    let (frames, lines, retrace) = sample(mode)
    #expect((70...71).contains(frames))
    #expect((70 * 399...71 * 401).contains(lines))
    // 37 of 449 lines.
    #expect((80_000...85_000).contains(retrace))
  }

  @Test("the bits follow the clock and not the reads")
  func readsDoNotMatter() {
    let vga = VGA()
    let first = vga.in(0x3DA)
    for _ in 0..<1000 { #expect(vga.in(0x3DA) == first) }
  }

  @Test("no timing that a guest can set is too short to be followed")
  func shortestFrame() {
    let time = FakeTime()
    let vga = VGA(time: time)
    vga.set(0x3D4, 0x11, 0)
    for register: UInt8 in 0...0x18 { vga.set(0x3D4, register, 0) }
    for _ in 0..<1000 {
      time.pass(.random(in: 0...1_000_000))
      _ = vga.in(0x3DA)
    }
  }
}
