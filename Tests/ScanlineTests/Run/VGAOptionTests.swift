import TestSupport
import Testing

@Suite("--vga", .needsKVM, .generousTimeLimit)
struct VGAOptionTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func header(of name: String) throws -> String {
    text(Array(try directory.read(name).prefix { $0 != 0x0A }))
      + text(Array(try directory.read(name).dropFirst(3).prefix { $0 != 0x0A }))
  }

  @Test("a boot sector's text screen is the picture, and without a VGA the framebuffer is")
  func picture() throws {
    let guest = try GuestImages.path("textmode")
    let run = try Scanline.run("run", guest, "--screenshot", directory.file("on.ppm"))
    #expect(run.end == .status(0))
    #expect(try header(of: "on.ppm") == "P6720 400")
    let off = try Scanline.run(
      "run", guest, "--vga", "off", "--screenshot", directory.file("off.ppm"))
    #expect(off.end == .status(0))
    #expect(try header(of: "off.ppm") == "P61024 768")
    let alone = try Scanline.run(
      "run", guest, "--framebuffer", "none", "--screenshot", directory.file("alone.ppm"), "--stats",
      "text")
    #expect(alone.end == .status(0))
    #expect(
      alone.errors.contains(
        #/text: [1-9]\d+ cells compared, [1-9]\d+ drawn; moved up by 0 rows/#))
    #expect(try directory.read("alone.ppm") == directory.read("on.ppm"))
  }

  @Test("a mode that cannot be shown is named on standard error, and counted")
  func planar() throws {
    // Real mode: graphics controller 6 = 5, and the sequencer's chain 4 off: a planar mode.
    var sector: [UInt8] = [
      0xBA, 0xCE, 0x03,  // mov $0x3CE, %dx
      0xB8, 0x06, 0x05,  // mov $0x0506, %ax
      0xEF,  // out %ax, %dx
      0xFA, 0xF4,  // cli; hlt
    ]
    sector += [UInt8](repeating: 0, count: 510 - sector.count) + [0x55, 0xAA]
    let path = try directory.write(sector, to: "planar.bin")
    let run = try Scanline.run("run", path, "--stats", "text")
    #expect(run.end == .status(0))
    #expect(run.errors.contains("640x25, 16 colours in planes"))
    #expect(run.errors.contains("1 VGA modes set that cannot be shown"))
    let screenshot = try Scanline.run("run", path, "--screenshot", directory.file("none.ppm"))
    #expect(screenshot.errors.contains("cannot be shown"))
    #expect(!directory.names.contains("none.ppm"))
  }

  @Test("any other value is refused with those that there are")
  func bad() throws {
    let run = try Scanline.run("run", try GuestImages.path("textmode"), "--vga", "ega")
    #expect(run.end == .status(64))
    #expect(run.errors.contains("auto"))
  }
}
