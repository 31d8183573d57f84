import SystemPackage
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Kernels that find out for themselves how they were started.
  @Suite struct MultibootGuestTests {
    private func file(_ guest: String) throws -> ImageFile {
      try ImageFile(path: FilePath(GuestImages.path(guest)))
    }

    @Test(
      "a Multiboot 1 kernel finds the state and the information that the specification promises")
    func version1() throws {
      var options = BootOptions()
      options.modules = [
        BootModule(ImageFile(name: "/boot/init", bytes: Array("first".utf8))),
        BootModule(ImageFile(name: "b", bytes: Array("second".utf8)), arguments: "b x=1"),
      ]
      let image = try BootImage(try file("multiboot"), options: options)
      #expect(image.format == .multiboot)
      let machine = try TestMachine(booting: image) { $0.commandLine = "root=1 debug" }
      #expect(try machine.run().label == "debug exit 0")
      let text = try machine.text()
      for line in [
        "flags 00001a6d", "memory 0000027f 00003c00", "loader Scanline",
        "command line multiboot.elf root=1 debug",
        // 640x480 in 16 bits, which its header asks for.
        "framebuffer e0000000 pitch 00000500 size 00000280 000001e0 bits, type 00000110 "
          + "red, green 0605050b blue 00000500",
        "sections .text", "map 0000000000100000 0000000000f00000 00000001",
      ] {
        #expect(text.contains("\(line)\n"), "\(line) is missing in:\n\(text)")
      }
      #expect(text.contains(#/module init at 0010\d000 to 0010\d005: first\n/#), "\(text)")
      #expect(text.contains(#/module b x=1 at 0010\d000 to 0010\d006: second\n/#), "\(text)")
    }

    @Test("a Multiboot 2 kernel draws into the framebuffer that it asks for")
    func picture() throws {
      let machine = try TestMachine(booting: BootImage(file("multiboot2")))
      #expect(try machine.run().label == "debug exit 0")
      let pixels = machine.pixels()
      #expect(pixels.count == 800 * 600 * 4)
      let expected = Evening.pixels
      let wrong = pixels.indices.first { pixels[$0] != expected[$0] }
      #expect(
        wrong == nil, "first at line \((wrong ?? 0) / 3200), column \((wrong ?? 0) % 3200 / 4)")
    }

    @Test(
      "a kernel that asks for no video mode writes to the screen of characters that it is told of")
    func text() throws {
      let image = try BootImage(file("multiboottext"))
      #expect(image.expectsVGA)
      let machine = try TestMachine(booting: image) { $0.framebuffer = nil }
      #expect(try machine.run().label == "debug exit 0")
      var line: [UInt8] = []
      for character in " A kernel in text mode. ".utf8 { line += [character, 0x1E] }
      // The text lies at 0xB8000, in the middle of the twelfth row.
      let start = 0x1_8000 + 160 * 11 + 56
      #expect(machine.machine.readVideoMemory(start..<start + line.count) == line)
      // 720 x 400 pixels: yellow and blue in the twelfth row, and nowhere else.
      let pixels = machine.pixels()
      #expect(pixels.count == 720 * 400 * 4)
      var rows: Set<Int> = []
      for offset in stride(from: 0, to: pixels.count, by: 4)
      where pixels[offset] == 0xAA && pixels[offset + 1] == 0 && pixels[offset + 2] == 0 {
        rows.insert(offset / (720 * 4) / 16)
      }
      #expect(rows == [11])
    }

    @Test("a mode that the user chose stays, though the kernel asks for another one")
    func chosenMode() throws {
      let machine = try TestMachine(booting: BootImage(file("multiboot2"))) {
        $0.framebuffer = FramebufferMode(width: 640, height: 480, bitsPerPixel: 32)
        $0.isFramebufferNegotiable = false
      }
      // It says so by its exit code.
      #expect(try machine.run().label == "debug exit 1")
      #expect(machine.pixels().count == 640 * 480 * 4)
    }

    @Test("an ELF executable without a boot header is entered like a flat image")
    func plainELF() throws {
      for (is64, code) in [
        // cmp (%edi or %rdi), %eax; setne %al; out %al, $0xF4: EAX has the block's magic, too.
        (false, [0x3B, 0x07, 0x0F, 0x95, 0xC0, 0xE6, 0xF4] as [UInt8]),
        (true, [0x3B, 0x07, 0x0F, 0x95, 0xC0, 0xE6, 0xF4]),
      ] {
        var elf = ELFBytes(is64: is64)
        elf.content = code + [UInt8](repeating: 0x90, count: 64)
        let image = try BootImage(ImageFile(name: "plain", bytes: elf.bytes))
        #expect(image.entry.mode == (is64 ? .long : .protected))
        let machine = try TestMachine(booting: image)
        #expect(try machine.run().label == "debug exit 0")
      }
    }
  }
}

/// The picture of `guests/multiboot2`, pixel by pixel instead of run by run.
private enum Evening {
  private struct Mountain {
    let top: Int
    let column: Int
    let slope: Int
    let color: UInt32
  }

  private static let mountains = [
    Mountain(top: 250, column: 170, slope: 400, color: 0x4A3560),
    Mountain(top: 290, column: 330, slope: 330, color: 0x43305A),
    Mountain(top: 300, column: 720, slope: 420, color: 0x43305A),
    Mountain(top: 340, column: 60, slope: 300, color: 0x2A2145),
    Mountain(top: 360, column: 240, slope: 480, color: 0x241C3E),
    Mountain(top: 370, column: 690, slope: 520, color: 0x241C3E),
  ]

  static var pixels: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(800 * 600 * 4)
    for line in 0..<600 {
      for column in 0..<800 {
        let color = line < 420 ? land(line, column) : sea(line, column)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: color >> shift)) }
      }
    }
    return bytes
  }

  private static func rgb(_ red: Int, _ green: Int, _ blue: Int) -> UInt32 {
    UInt32(red << 16 | green << 8 | blue)
  }

  private static func land(_ line: Int, _ column: Int) -> UInt32 {
    let mountain = mountains.last { mountain in
      let half = (line - mountain.top) * mountain.slope / 256
      return line >= mountain.top
        && (mountain.column - half..<mountain.column + half).contains(column)
    }
    if let mountain { return mountain.color }
    let rest = 70 * 70 - (line - 330) * (line - 330)
    if rest > 0 {
      let half = (1...).first { $0 * $0 > rest } ?? 0
      if (520 - half..<520 + half).contains(column) { return 0xFFD27A }
    }
    return rgb(24 + line / 2, 32 + line / 4, 96 - line * 43 / 256)
  }

  private static func sea(_ line: Int, _ column: Int) -> UInt32 {
    let half = (line - 420) / 2 + 20
    if line / 4 % 3 == 1, (520 - half..<520 + half).contains(column) { return 0xE0A060 }
    let blue = 0x78 - (line - 420) / 2
    return rgb(blue / 2, blue / 2, blue)
  }
}
