import CKVM
import Devices
import KVM
import Testing

@testable import VMM

@Suite("BIOS: VBE")
struct BIOSVBETests {
  @Test("it tells its version, its memory and its modes")
  func controller() throws {
    var bench = try BIOSBench()
    _ = bench.memory.write(Array("VBE2".utf8), at: 0x9000)
    let call = bench.call(0x10) {
      $0.ax = 0x4F00
      $0.di = 0x9000
    }
    #expect(call.ax == 0x004F)
    #expect(bench.memory.read(4, at: 0x9000) == Array("VESA".utf8))
    #expect(bench.memory.word(0x9004) == 0x0200)
    #expect(bench.memory.word(0x9012) == 256)
    var list = RealModeMemory.linear(bench.memory.word(0x9010), bench.memory.word(0x900E))
    var modes: [UInt16] = []
    while bench.memory.word(list) != 0xFFFF, modes.count < 100 {
      modes.append(bench.memory.word(list))
      list += 2
    }
    #expect(modes.contains(0x118) && modes.contains(0x143) && modes.contains(0x101))
    for mode in modes {
      let information = bench.call(0x10) {
        $0.ax = 0x4F01
        $0.cx = mode
        $0.di = 0xA000
      }
      #expect(information.ax == 0x004F)
      #expect(bench.memory.word(0xA000) & 0x80 != 0)
    }
  }

  @Test("a mode has the size, the depth and the address that it says")
  func mode() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x4F01
      $0.cx = 0x0115
      $0.di = 0x9000
    }
    #expect(bench.memory.word(0x9010) == 2400)
    #expect(bench.memory.word(0x9012) == 800)
    #expect(bench.memory.word(0x9014) == 600)
    #expect(bench.memory.byte(0x9019) == 24)
    #expect(bench.memory.read(8, at: 0x901F) == [8, 16, 8, 8, 8, 0, 0, 0])
    #expect(bench.memory.long(0x9028) == 0xE000_0000)
    let set = bench.call(0x10) {
      $0.ax = 0x4F02
      $0.bx = 0x4115
    }
    #expect(set.ax == 0x004F)
    let shown = try #require(bench.services.hardware.display).state().display
    #expect((shown.width, shown.height, shown.bitsPerPixel, shown.stride) == (800, 600, 24, 2400))
    #expect(bench.call(0x10) { $0.ax = 0x4F03 }.bx == 0x4115)
  }

  @Test("without a linear framebuffer there is no mode, and no bank either")
  func banks() throws {
    var bench = try BIOSBench()
    #expect(
      bench.call(0x10) {
        $0.ax = 0x4F02
        $0.bx = 0x0115
      }.ax == 0x014F)
    #expect(bench.call(0x10) { $0.ax = 0x4F05 }.ax == 0x014F)
    let unknown = bench.call(0x10) { $0.ax = 0x4F15 }
    #expect(unknown.ax == 0x4F15 && unknown.isUnsupported)
  }

  @Test("pages are flipped inside of video memory only, and lines can be longer than the screen")
  func pages() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x4F02
      $0.bx = 0x4144
    }
    let flip = bench.call(0x10) {
      $0.ax = 0x4F07
      $0.dx = 768
    }
    #expect(flip.ax == 0x004F)
    let display = try #require(bench.services.hardware.display)
    #expect(display.state().display.startOffset == 768 * 4096)
    let beyond = bench.call(0x10) {
      $0.ax = 0x4F07
      $0.dx = 4000
    }
    #expect(beyond.ax == 0x014F)
    #expect(display.state().display.startOffset == 768 * 4096)
    let longer = bench.call(0x10) {
      $0.ax = 0x4F06
      $0.cx = 2048
    }
    #expect((longer.ax, longer.bx, longer.cx, longer.dx) == (0x004F, 8192, 2048, 2048))
  }

  @Test("the palette has six or eight bits")
  func palette() throws {
    var bench = try BIOSBench()
    _ = bench.call(0x10) {
      $0.ax = 0x4F02
      $0.bx = 0x4101
    }
    #expect(
      bench.call(0x10) {
        $0.ax = 0x4F08
        $0.bh = 8
      }.bh == 8)
    _ = bench.memory.write([0x30, 0x20, 0x10, 0, 0x60, 0x50, 0x40, 0], at: 0x9000)
    _ = bench.call(0x10) {
      $0.ax = 0x4F09
      $0.cx = 2
      $0.dx = 7
      $0.di = 0x9000
    }
    var colors = [UInt8](repeating: 0, count: 768)
    var span = colors.mutableSpan
    try #require(bench.services.hardware.display).paletteRGB(into: &span)
    #expect(Array(colors[21..<27]) == [0x10, 0x20, 0x30, 0x40, 0x50, 0x60])
  }
}
