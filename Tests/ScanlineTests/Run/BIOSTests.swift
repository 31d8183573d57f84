import TestSupport
import Testing

@Suite("scanline run: boot sectors and .COM programs", .needsKVM, .generousTimeLimit)
struct BIOSTests {
  @Test("a boot sector is recognised, and what it prints is on standard output")
  func hello() throws {
    let run = try Scanline.run("run", GuestImages.path("bioshello"), "--verbose")
    #expect(text(run.output) == "Hello from the BIOS\r\n")
    #expect(run.errors.contains("boot sector"))
    #expect(run.end == .status(0))
  }

  @Test("--teletype screen keeps it on the screen")
  func screenOnly() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("bioshello"), "--teletype", "screen", "--quiet")
    #expect(text(run.output) == "")
    #expect(run.end == .status(0))
  }

  @Test("standard input is the keyboard, escape sequences included")
  func keyboard() throws {
    let process = try Scanline.start("run", GuestImages.path("bioskeys"))
    process.type("a\u{1B}[A")
    try process.wait(for: "the arrow") { text(process.output).contains("48E0") }
    process.type("\u{1B}")
    let run = try Scanline.finish(process)
    #expect(text(run.output) == "?1E61\n48E0\n")
    #expect(run.end == .status(0))
  }

  @Test("a .COM program gets its arguments, and its code is the status")
  func program() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("bioscom"), "--format", "com", "--append", "one", "--quiet")
    #expect(text(run.output) == "Hello from a .COM: one")
    #expect(run.end == .status(7))
  }

  @Test("a file with a program's name is one")
  func programName() throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write(try GuestImages.bytes("bioscom"), to: "HELLO.COM")
    let run = try Scanline.run("run", image, "--append", "two", "--verbose")
    #expect(text(run.output) == "Hello from a .COM: two")
    #expect(run.errors.contains("DOS program (.COM)"))
    #expect(run.end == .status(7))
  }

  @Test("--trace bios shows each call with its registers, and --stats what is not implemented")
  func tracing() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("bioscalls"), "--trace", "bios", "--stats", "text")
    #expect(run.errors.contains("bios int 0x10 ax=0e6f bx=0007"))
    #expect(run.errors.contains("int 0x15 ax=eeee"))
    #expect(run.errors.contains("cf=1 unsupported"))
    #expect(run.errors.contains("not implemented: INT 0x15 AH=0xee 1"))
    #expect(run.end == .status(1))
  }

  @Test("the image changes with --writable only")
  func writable() throws {
    let directory = try TemporaryDirectory()
    let original = try GuestImages.bytes("bioscalls")
    let image = try directory.write(original, to: "disk.img")
    #expect(try Scanline.run("run", image).end == .status(1))
    #expect(try readFile(image) == original)
    #expect(try Scanline.run("run", image, "--writable").end == .status(1))
    let changed = try readFile(image)
    // The guest stores 0x1234 at the start of the last sector.
    let last = original.count - 512
    #expect(changed.count == original.count)
    #expect(changed[last...].prefix(2) == [0x34, 0x12])
    #expect(changed.prefix(last) == original.prefix(last))
  }

  @Test("a disk image that is no whole number of sectors is refused with a remedy")
  func oddSize() throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write(try GuestImages.bytes("bioshello") + [0], to: "odd.img")
    let run = try Scanline.run("run", image)
    #expect(run.end == .status(66))
    #expect(run.errors.contains("513 bytes") && run.errors.contains("truncate"))
  }
}
