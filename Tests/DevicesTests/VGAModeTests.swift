import TestSupport
import Testing

@testable import Devices

@Suite("VGA modes", .timeLimit(.minutes(5)))
struct VGAModeTests {
  @Test("80 x 25 characters of 9 x 16 dots at 0xB8000, with a cursor in the upper left corner")
  func text80x25() throws {
    let state = try #require(VGA().text)
    #expect((state.columns, state.height) == (80, 400))
    #expect((state.cellWidth, state.cellHeight) == (9, 16))
    #expect(state.window == 0x1_8000..<0x2_0000)
    #expect((state.startAddress, state.stride) == (0, 80))
    #expect((state.cursorLocation, state.cursorLines) == (0, 13..<15))
    #expect(state.blinks && state.joinsLineGraphics && !state.isBlank)
  }

  @Test("40 x 25 characters, and 80 x 50 of 8 lines")
  func otherTextModes() throws {
    let small = try #require(VGA(.text40x25).text)
    #expect((small.columns, small.height, small.stride) == (40, 400, 40))
    let vga = VGA(.text80x50)
    let dense = try #require(vga.text)
    #expect((dense.columns, dense.height, dense.cellHeight) == (80, 400, 8))
    #expect(dense.cursorLines == 6..<8)
    #expect(vga.glyphs()[32 * 0x41] == VGAFont.size8x8.glyphs[8 * 0x41])
    #expect(vga.glyphs()[32 * 0x41 + 8] == 0)
  }

  @Test("mode 13h: 320 x 200 pixels at 0xA0000, in the DAC's 256 colours")
  func graphics() throws {
    let display = BochsDisplay(videoMemorySize: 0)
    let vga = VGA(display: display, clock: { 0 })
    #expect(
      color(24, of: display) == [0, 85, 85], "the text modes' palette is the EGA's 64 colours")
    #expect(color(0x14, of: display) == [170, 85, 0], "brown")
    vga.setMode(.graphics320x200)
    #expect(
      vga.graphics
        == VGAGraphicsState(width: 320, height: 200, stride: 320, startOffset: 0, isBlank: false))
    #expect(color(31, of: display) == [255, 255, 255], "the last of the greys")
    vga.set(0x3D4, 0x0C, 0x12)
    vga.set(0x3D4, 0x0D, 0x34)
    #expect(vga.graphics?.startOffset == 4 * 0x1234)
  }

  private func color(_ index: Int, of display: BochsDisplay) -> [UInt8] {
    var colors = [UInt8](repeating: 0, count: 768)
    var span = colors.mutableSpan
    display.paletteRGB(into: &span)
    return Array(colors[3 * index..<3 * index + 3])
  }

  @Test("a start address, the cursor's shape, and its switch")
  func textRegisters() {
    let vga = VGA()
    vga.write(port: 0x3D4, size: 2, value: 0x010C)
    vga.write(port: 0x3D4, size: 2, value: 0x900D)
    #expect(vga.text?.startAddress == 0x190)
    vga.set(0x3D4, 0x0A, 0x03)
    vga.set(0x3D4, 0x0B, 0x05)
    #expect(vga.text?.cursorLines == 3..<6)
    vga.set(0x3D4, 0x0A, 0x23)
    #expect(vga.text?.cursorLines.isEmpty == true, "bit 5 switches it off")
    vga.set(0x3D4, 0x0A, 0x06)
    #expect(vga.text?.cursorLines.isEmpty == true, "a start behind the end does, too")
    vga.set(0x3C4, 0x01, 0x01)
    #expect(vga.text?.cellWidth == 8)
    vga.setAttribute(0x10, 0x00)
    #expect(vga.text?.blinks == false)
    #expect(vga.text?.joinsLineGraphics == false)
    vga.set(0x3C4, 0x01, 0x21)
    #expect(vga.text?.isBlank == true)
  }

  @Test("planar modes are told apart and named")
  func unsupported() {
    let vga = VGA(.graphics320x200)
    vga.set(0x3C4, 0x04, 0x06)
    #expect(vga.unsupported?.description == "320x200, 256 colours in planes (mode X)")
    vga.set(0x3CE, 0x05, 0x00)
    vga.set(0x3D4, 0x09, 0x40)
    vga.set(0x3D4, 0x11, 0x00)
    vga.set(0x3D4, 0x07, 0x3E)
    vga.set(0x3D4, 0x12, 0xDF)
    #expect(vga.unsupported?.description == "640x480, 16 colours in planes")
  }

  @Test("modes 4 and 6: the even lines at 0xB8000, the odd ones 8 KiB behind, in a CGA's colours")
  func cga() throws {
    let display = BochsDisplay(videoMemorySize: 0)
    let vga = VGA(display: display, clock: { 0 })
    vga.setMode(.cga320x200)
    let four = try #require(vga.packed)
    #expect((four.width, four.height, four.bitsPerPixel) == (320, 200, 2))
    #expect((four.windowOffset, four.startOffset, four.stride) == (0x1_8000, 0, 80))
    #expect(!four.isBlank)
    let colors = four.dacIndices.map { color(Int($0), of: display) }
    #expect(colors == [[0, 0, 0], [85, 255, 255], [255, 85, 255], [255, 255, 255]])
    vga.set(0x3D4, 0x0D, 0x28)
    #expect(vga.packed?.startOffset == 80, "in words")
    vga.setMode(.cga640x200)
    let two = try #require(vga.packed)
    #expect((two.width, two.height, two.bitsPerPixel) == (640, 200, 1))
    #expect((two.windowOffset, two.startOffset, two.stride) == (0x1_8000, 0, 80))
    #expect(two.dacIndices.map { color(Int($0), of: display) } == [[0, 0, 0], [255, 255, 255]])
    vga.set(0x3C4, 0x02, 0x03)
    #expect(vga.unsupported?.layout == .planar, "stores reach a second plane")
  }

  @Test("glyphs can be replaced, one or all, and never outside the font")
  func fonts() {
    let vga = VGA()
    let before = vga.text?.fontGeneration
    vga.loadGlyphs([1, 2, 3, 4], height: 2, first: 255)
    #expect(vga.text?.fontGeneration != before)
    #expect(Array(vga.glyphs().suffix(32)) == [1, 2] + [UInt8](repeating: 0, count: 30))
    vga.loadGlyphs([UInt8](repeating: 0xFF, count: 100_000), height: 1000)
    #expect(vga.glyphs() == [UInt8](repeating: 0xFF, count: 8192))
    vga.loadGlyphs([7], height: 0)
    #expect(vga.glyphs().first == 7)
    vga.loadFont(.size8x14)
    #expect(vga.glyphs()[32 * 0x41 + 1] == VGAFont.size8x16.glyphs[16 * 0x41 + 2])
  }

  @Test("whatever a guest writes, what is shown keeps its promises", arguments: [1, 2, 3, 4])
  func hostile(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let time = FakeTime()
    let vga = VGA(time: time)
    let ports = Array(0x3B0...0x3DF).map { UInt16($0) }
    for step in 0..<200_000 * effort {
      let port = ports[Int(random.next() % UInt64(ports.count))]
      let size = [1, 2, 4][Int(random.next() % 3)]
      let value = UInt32(truncatingIfNeeded: random.next())
      if value & 3 == 0 {
        time.pass(random.next() >> 24)
        _ = vga.read(port: port, size: size)
      } else {
        vga.write(port: port, size: size, value: value >> 2)
      }
      if step % 16 == 0, !keepsPromises(vga.picture()) {
        Issue.record("step \(step) of seed \(seed): \(vga.picture())")
        return
      }
    }
  }

  private func keepsPromises(_ picture: VGAPicture) -> Bool {
    switch picture {
    case .text(let state):
      (1...256).contains(state.columns) && (1...1024).contains(state.height)
        && (8...9).contains(state.cellWidth) && (1...32).contains(state.cellHeight)
        && state.window.lowerBound >= 0 && state.window.upperBound <= VGA.memorySize
        && state.window.count.nonzeroBitCount == 1 && state.cursorLines.upperBound <= 32
        && state.dacIndices.count == 16
    case .graphics(let state):
      (4...1024).contains(state.width) && (1...1024).contains(state.height)
        && state.stride >= state.width && (0..<0x1_0000).contains(state.startOffset)
    case .packed(let state):
      (8...2048).contains(state.width) && state.width.isMultiple(of: 8)
        && (1...1024).contains(state.height) && (1...2).contains(state.bitsPerPixel)
        && state.windowOffset >= 0 && state.windowOffset + 0x4000 <= VGA.memorySize
        && state.startOffset >= 0 && (0...0xFFFF).contains(state.stride)
        && state.dacIndices.count == 1 << state.bitsPerPixel
    case .unsupported(let mode):
      (1...2048).contains(mode.width) && (1...1024).contains(mode.height)
    }
  }
}

@Suite("VGA fonts", .timeLimit(.minutes(5)))
struct VGAFontTests {
  private static let fonts = [VGAFont.size8x8, .size8x14, .size8x16]

  private func glyph(_ character: Int, _ font: VGAFont) -> [UInt8] {
    Array(font.glyphs[font.height * character..<font.height * (character + 1)])
  }

  @Test("256 glyphs; only the blanks are blank, and no two letters or digits look alike")
  func glyphs() {
    for font in Self.fonts {
      #expect(font.glyphs.count == 256 * font.height)
      let blank = [UInt8](repeating: 0, count: font.height)
      let blanks = (0..<256).filter { glyph($0, font) == blank }
      #expect(blanks == [0x00, 0x20, 0xFF])
      let printable = Set((0x20..<0x7F).map { glyph($0, font) })
      #expect(printable.count == 0x7F - 0x20, "in the font of height \(font.height)")
    }
  }

  @Test("line graphics meet their neighbours at every edge")
  func lineGraphics() {
    for font in Self.fonts {
      let horizontal = glyph(0xC4, font)
      #expect(horizontal.filter { $0 == 0xFF }.count == 1)
      for corner in [0xC5, 0xC2, 0xC1, 0xC3, 0xDA, 0xC0] {
        let rightEdge = glyph(corner, font).map { $0 & 1 }
        #expect(rightEdge == horizontal.map { $0 & 1 }, "\(corner)")
      }
      #expect(Set(glyph(0xB3, font)).count == 1, "a vertical line fills its cell")
      #expect(glyph(0xBA, font).first == glyph(0xC9, font).last)
      #expect(Set(glyph(0xDB, font)) == [0xFF])
    }
  }
}
