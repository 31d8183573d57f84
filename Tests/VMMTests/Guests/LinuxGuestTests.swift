import Display
import SystemPackage
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// Kernels of our own that print what they are handed.
  @Suite struct LinuxGuestTests {
    private static let initrd = ImageFile(
      name: "initrd.img", bytes: [UInt8](repeating: 3, count: 0x1234), role: .initrd)

    private func lines(
      _ guest: String, mode: CPUMode? = nil, initrd: ImageFile? = nil,
      configure: @escaping (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> (lines: [String], machine: TestMachine) {
      var options = BootOptions()
      options.mode = mode
      options.initrd = initrd
      let image = try BootImage(
        ImageFile(path: FilePath(try GuestImages.path(guest))), options: options)
      let machine = try TestMachine(booting: image) {
        $0.memorySize = 64 << 20
        configure(&$0)
      }
      let ending = try machine.run(forAtMost: 120).label
      let text = try machine.text()
      #expect(ending == "halted", "\(text)")
      return (text.split(separator: "\n").map(String.init), machine)
    }

    @Test("a bzImage is entered in 64-bit mode, with all that the zero page tells")
    func longMode() throws {
      let (lines, machine) = try lines("bzimage", initrd: Self.initrd) {
        $0.commandLine = "console=ttyS0 a=\"b c\""
      }
      #expect(
        lines == [
          "bzImage: 64-bit entry",
          "protocol 0x20f, loader 0xff, code32_start 0x1000000",
          "command line: console=ttyS0 a=\"b c\"",
          "initrd: 0x3ffe000, size 0x1234, sum 0x369c",
          "e820: 0x0, size 0x9fc00, type 0x1",
          "e820: 0x9fc00, size 0x400, type 0x2",
          "e820: 0xf0000, size 0x10000, type 0x2",
          "e820: 0x100000, size 0x3f00000, type 0x1",
          "e820: 0xfffbc000, size 0x4000, type 0x2",
          "rsdp: 0xf0000 RSD PTR",
          "screen: type 0x70, width 0x400, height 0x300, depth 0x20, line 0x1000, size 0x1000000",
        ])
      let pixels = machine.pixels()
      try #require(pixels.count == 1024 * 768 * 4)
      for (line, color) in [(0, 0xFF_0000), (255, 0xFF_0000), (256, 0xFF00), (512, 0xFF)] {
        #expect(pixels.word(at: line * 4096) == UInt32(color), "line \(line)")
        #expect(pixels.word(at: line * 4096 + 4092) == UInt32(color), "line \(line)")
      }
    }

    @Test("asked for, a bzImage is entered in 32-bit mode")
    func protectedMode() throws {
      let (lines, _) = try lines("bzimage", mode: .protected) { $0.framebuffer = nil }
      #expect(lines.first == "bzImage: 32-bit entry")
      #expect(lines.contains("command line: "))
      #expect(lines.contains("initrd: 0x0, size 0x0"))
      #expect(lines.last == "screen: type 0x0")
    }

    @Test("the screen's mode is the machine's, but a palette is not told")
    func screen() throws {
      func screen(_ bitsPerPixel: Int) throws -> String? {
        try lines("bzimage") {
          $0.framebuffer = FramebufferMode(width: 640, height: 480, bitsPerPixel: bitsPerPixel)
        }.lines.last
      }
      #expect(
        try screen(16)
          == "screen: type 0x70, width 0x280, height 0x1e0, depth 0x10, line 0x500, size 0x1000000")
      #expect(try screen(8) == "screen: type 0x0")
    }

    @Test("a VGA's text screen is where the zero page says, and as large")
    func textScreen() throws {
      let (lines, machine) = try lines("bzimage") { $0.vga = .on }
      #expect(
        lines.last == "screen: type 0x1, mode 0x3, columns 0x50, rows 0x19, points 0x10")
      machine.machine.withFrame { frame in
        #expect((frame.width, frame.height) == (720, 400))
        let yellow = RGB(red: 255, green: 255, blue: 85)
        let rows = (0..<25).filter { row in
          (0..<720).contains { x in
            (16 * row..<16 * row + 16).contains { frame.rgb(x: x, y: $0) == yellow }
          }
        }
        #expect(rows == [24])
      }
    }

    @Test("a PVH kernel finds its module, its command line and the memory map")
    func pvh() throws {
      let (lines, _) = try lines("pvh", initrd: Self.initrd) { $0.commandLine = "hello" }
      #expect(
        lines == [
          "PVH: version 0x1, flags 0x0",
          "command line: hello",
          "module: 0x3ffe000, size 0x1234, sum 0x369c",
          "memory: 0x0:0x0, size 0x9fc00, type 0x1",
          "memory: 0x0:0x9fc00, size 0x400, type 0x2",
          "memory: 0x0:0xf0000, size 0x10000, type 0x2",
          "memory: 0x0:0x100000, size 0x3f00000, type 0x1",
          "memory: 0x0:0xfffbc000, size 0x4000, type 0x2",
          "rsdp: 0xf0000 RSD PTR",
        ])
    }

    @Test("a kernel of this century gets its local APIC, also on a machine with one vCPU")
    func localAPIC() throws {
      let file = try ImageFile(path: FilePath(try GuestImages.path("bzimage")))
      let machine = try TestMachine(booting: .linux(LinuxImage(file))) { $0.memorySize = 64 << 20 }
      #expect(try tableCount(machine) == 2)  // FADT and MADT

      let plain = try TestMachine(booting: .linux(LinuxImage(file))) {
        $0.memorySize = 64 << 20
        $0.interruptController = .none
      }
      #expect(try tableCount(plain) == 1)
    }

    /// How many ACPI tables the XSDT lists.
    private func tableCount(_ machine: TestMachine) throws -> Int {
      let pointer = try #require(machine.machine.readMemory(8, at: 0xF_0018))
      let header = try #require(
        machine.machine.readMemory(8, at: GuestAddress(pointer.word(at: 0))))
      return (Int(header.word(at: 4, as: UInt32.self)) - 36) / 8
    }
  }
}
