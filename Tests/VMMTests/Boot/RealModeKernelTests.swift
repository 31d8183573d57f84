import TestSupport
import Testing

@testable import VMM

/// Kernels that are entered in their real-mode code, by the 16-bit Linux boot protocol.
@Suite struct RealModeKernelTests {
  private func load(
    _ image: BzImage, initrd: ImageFile? = nil, commandLine: String = ""
  ) throws -> GuestMemory {
    let kernel = try RealModeKernel(image.file, initrd: initrd)
    let memory = try GuestMemory(size: 4 << 20)
    try kernel.load(
      into: memory,
      of: Platform(
        memoryBelow4GiB: 4 << 20, memoryAbove4GiB: 0, framebuffer: nil, cpuCount: 1,
        commandLine: commandLine))
    return memory
  }

  private func value<Value: FixedWidthInteger>(
    _ type: Value.Type, at address: GuestAddress, of memory: GuestMemory
  ) -> Value? {
    memory.read(MemoryLayout<Value>.size, at: address)?.littleEndian(type, at: 0)
  }

  @Test(
    "the header is filled in, and both parts of the kernel, its initrd and command line are there")
  func load() throws {
    let kernel = Array((0..<0x300).map { UInt8(truncatingIfNeeded: $0) })
    let image = BzImage.with { $0.kernel = kernel }
    let memory = try load(
      image, initrd: ImageFile(name: "initrd", bytes: [UInt8](repeating: 7, count: 5000)),
      commandLine: "a b")
    #expect(memory.read(0x300, at: 0x10_0000) == kernel)
    #expect(memory.read(4, at: 0x1_0202) == Array("HdrS".utf8))
    #expect(value(UInt16.self, at: 0x1_01FA, of: memory) == 0xFFFF)
    #expect(value(UInt8.self, at: 0x1_0210, of: memory) == 0xFF)
    #expect(value(UInt8.self, at: 0x1_0211, of: memory) == 0x81)
    #expect(value(UInt32.self, at: 0x1_0218, of: memory) == 0x3F_E000)
    #expect(value(UInt32.self, at: 0x1_021C, of: memory) == 5000)
    #expect(memory.read(5000, at: 0x3F_E000) == [UInt8](repeating: 7, count: 5000))
    #expect(value(UInt16.self, at: 0x1_0224, of: memory) == 0xFC00)
    #expect(value(UInt32.self, at: 0x1_0228, of: memory) == 0x2_0000)
    #expect(memory.read(4, at: 0x2_0000) == Array("a b\0".utf8))
  }

  @Test(
    "the command line chooses the video mode",
    arguments: [
      ("", 0xFFFF), ("vga=normal", 0xFFFF), ("a vga=ext b", 0xFFFE), ("vga=ask", 0xFFFD),
      ("vga=0x317", 0x317), ("vga=791", 0x317), ("vga=01427", 0x317), ("vga=0", 0),
      ("vga=1 vga=2", 2), ("avga=1", 0xFFFF),
    ] as [(String, UInt16)])
  func videoMode(commandLine: String, mode: UInt16) throws {
    let memory = try load(BzImage(), commandLine: commandLine)
    #expect(value(UInt16.self, at: 0x1_01FA, of: memory) == mode)
  }

  @Test(
    "a video mode that is none is refused",
    arguments: ["vga=", "vga=vesa", "vga=0x", "vga=65536", "vga=-1", "vga=08"])
  func badVideoMode(commandLine: String) {
    let error = #expect(throws: VMMError.self) { try load(BzImage(), commandLine: commandLine) }
    #expect(error?.kind == .usage)
    #expect(error.map { "\($0)".contains("\(commandLine) is no video mode") } == true)
  }

  @Test("a size that the header does not tell is that of the file")
  func sizeless() throws {
    let memory = try load(.with { $0.paragraphs = 0 })
    #expect(memory.read(0x301, at: 0x10_0000) == [UInt8](repeating: 0x90, count: 0x300) + [0])
  }

  @Test("what has no other entry is entered so, and everything else on request")
  func choice() throws {
    for image in [
      BzImage.with { $0.version = 0x0203 },
      .with {
        $0.code32Start = 0
        $0.isRelocatable = false
      },
    ] {
      let boot = try BootImage(image.file)
      #expect(boot.callsBIOS && boot.expectsVGA && boot.format == .linux)
      #expect(boot.entry.mode == .real && boot.entry.address == 0x1_0200)
      #expect(boot.loadedRanges == [0x1_0000...0x1_03FF, 0x10_0000...0x10_02FF])
    }
    #expect(try !BootImage(BzImage().file).callsBIOS)
    var options = BootOptions()
    options.mode = .real
    #expect(try BootImage(BzImage().file, options: options).callsBIOS)
  }

  @Test(
    "what cannot be is refused",
    arguments: [
      (.with { $0.version = 0x0201 }, "older than 2.02"), (.with { $0.loadFlags = 0 }, "zImage"),
      (.with { $0.setupSectors = 64 }, "more than the 32768"),
      (.with { $0.signature = "hdrs" }, "no Linux setup header"),
      (.with { $0.kernel = [] }, "leave nothing"),
    ] as [(BzImage, String)])
  func refused(image: BzImage, reason: String) {
    let error = #expect(throws: VMMError.self) {
      try RealModeKernel(image.file, initrd: nil)
    }
    #expect(error.map { "\($0)".contains(reason) } == true, "\(String(describing: error))")
  }

  @Test("a kernel and an initrd that do not fit are refused")
  func size() throws {
    let large = BzImage.with { $0.kernel = [UInt8](repeating: 0, count: 1 << 20 + 1) }
    #expect(throws: VMMError.self) {
      try RealModeKernel(large.file, initrd: nil).validate(memorySize: 2 << 20)
    }
    let initrd = ImageFile(name: "initrd", bytes: [UInt8](repeating: 0, count: 1 << 20))
    let kernel = try RealModeKernel(BzImage().file, initrd: initrd)
    #expect(throws: VMMError.self) { try kernel.validate(memorySize: 2 << 20) }
    #expect(throws: Never.self) { try kernel.validate(memorySize: 4 << 20) }
  }
}

extension MachineTests {
  @Suite struct RealModeKernelGuestTests {
    /// Prints its command line with INT 10h, if it was entered as the protocol says.
    private static let code: [UInt8] = [
      0x8C, 0xD0,  // mov %ss, %ax
      0x3D, 0x00, 0x10,  // cmp $0x1000, %ax
      0x75, 0x27,  // jne wrong
      0x81, 0xFC, 0xF0, 0xFF,  // cmp $0xFFF0, %sp
      0x75, 0x21,  // jne wrong
      0x9C, 0x58,  // pushf; pop %ax
      0xF6, 0xC4, 0x02,  // test $2, %ah: interrupts are off
      0x75, 0x1A,  // jne wrong
      0x66, 0x8B, 0x36, 0x28, 0x02,  // mov 0x228, %esi: the command line
      0x66, 0xC1, 0xEE, 0x04,  // shr $4, %esi
      0x8E, 0xDE,  // mov %si, %ds
      0x31, 0xF6,  // xor %si, %si
      0xAC,  // lodsb
      0x84, 0xC0,  // test %al, %al
      0x74, 0x06,  // jz done
      0xB4, 0x0E, 0xCD, 0x10,  // mov $0xE, %ah; int $0x10
      0xEB, 0xF5,  // jmp lodsb
      0xE6, 0xF4,  // done: out %al, $0xF4
      0xB0, 0x01, 0xE6, 0xF4,  // wrong: mov $1, %al; out %al, $0xF4
    ]

    @Test("a kernel that only has real-mode code is entered in it, with a BIOS to call")
    func run() throws {
      var bytes = BzImage.with {
        $0.version = 0x0203
        $0.jump = 0x6A
      }.bytes
      bytes.replaceSubrange(0x26C..<0x26C + Self.code.count, with: Self.code)
      let image = try BootImage(ImageFile(name: "kernel", bytes: bytes))
      let machine = try TestMachine(booting: image) {
        $0.commandLine = "root=1 quiet"
        $0.printsTeletype = true
      }
      #expect(try machine.run().label == "debug exit 0")
      #expect(try machine.text() == "root=1 quiet")
    }
  }
}
