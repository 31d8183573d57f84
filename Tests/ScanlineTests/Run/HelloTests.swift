import TestSupport
import Testing

@Suite("scanline run", .needsKVM, .generousTimeLimit)
struct HelloTests {
  @Test(
    "the guest's text is on standard output, untouched, and ours is not",
    arguments: [
      ("hello16", "real", "Hello from 16-bit real mode\n"),
      ("hello32", "protected", "Hello from 32-bit protected mode\n"),
      ("hello64", "long", "Hello from 64-bit long mode\n"),
    ])
  func hello(guest: String, mode: String, greeting: String) throws {
    let run = try Scanline.run("run", GuestImages.path(guest), "--mode", mode)
    #expect(text(run.output) == greeting)
    #expect(run.errors == "scanline: the guest halted\n")
    #expect(run.end == .status(0))
  }

  @Test("--quiet says nothing about a guest that ends as it should")
  func quiet() throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), "--quiet")
    #expect(text(run.output) == "Hello from 64-bit long mode\n")
    #expect(run.errors == "")
  }

  @Test("--quiet keeps what went wrong")
  func quietCrash() throws {
    let run = try Scanline.run("run", GuestImages.path("triplefault"), "--quiet")
    #expect(run.errors.contains("triple fault"))
  }

  @Test("nothing but the essentials of Foundation is loaded, which would cost milliseconds")
  func libraries() throws {
    let process = try Scanline.start("run", GuestImages.path("echo"))
    process.type("a")
    try process.wait(for: "echo") { !process.output.isEmpty }
    let maps = text(try readFile("/proc/\(process.pid)/maps"))
    #expect(maps.contains("/scanline\n"))
    #expect(!maps.contains("/libFoundation.so"))
    process.endInput()
    _ = try process.finish()
  }

  @Test("--verbose tells where the image is and what the display did, on standard error only")
  func verbose() throws {
    let run = try Scanline.run("run", GuestImages.path("gradient"), "--verbose")
    #expect(!text(run.output).contains("scanline:"))
    #expect(run.errors.contains("0x100000"))
    #expect(run.errors.contains("changed scanlines"))
  }

  @Test(
    "--module gives a Multiboot kernel files, and --verbose tells what the kernel was taken for")
  func modules() throws {
    let directory = try TemporaryDirectory()
    let first = try directory.write(Array("one".utf8), to: "first")
    let run = try Scanline.run(
      "run", GuestImages.path("multiboot"), "--module", first, "--module", "\(first)=a=b c",
      "--append", "x=1", "--verbose")
    #expect(run.end == .status(1))
    #expect(run.errors.contains("multiboot.elf: Multiboot 1 kernel (32-bit ELF), "))
    let text = text(run.output)
    #expect(text.contains("command line multiboot.elf x=1\n"))
    #expect(text.contains(#/module first at [0-9a-f]{8} to [0-9a-f]{8}: one\n/#))
    #expect(text.contains(#/module a=b c at [0-9a-f]{8} to [0-9a-f]{8}: one\n/#))
  }
}
