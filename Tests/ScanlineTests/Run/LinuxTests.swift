import TestSupport
import Testing

@Suite("scanline run with a kernel", .needsKVM, .generousTimeLimit)
struct LinuxTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func lines(_ guest: String, _ options: String...) throws -> [Substring] {
    let run = try Scanline.finish(
      ChildProcess([Scanline.path, "run", try GuestImages.path(guest)] + options))
    #expect(run.end == .status(0))
    return text(run.output).split(separator: "\n")
  }

  @Test("a kernel is recognised, and gets what a user leaves out")
  func defaults() throws {
    let bzImage = try lines("bzimage")
    #expect(bzImage.first == "bzImage: 64-bit entry")
    #expect(bzImage.contains("command line: console=ttyS0 earlyprintk=ttyS0"))
    // 512 MiB.
    #expect(bzImage.contains("e820: 0x100000, size 0x1ff00000, type 0x1"))
    #expect(try lines("pvh").contains("command line: console=ttyS0 earlyprintk=ttyS0"))
  }

  @Test("what a user says goes before")
  func options() throws {
    let initrd = try directory.write([1, 2, 3], to: "initrd.img")
    let bzImage = try lines(
      "bzimage", "--memory", "32M", "--append", "", "--mode", "protected", "--initrd", initrd)
    #expect(bzImage.first == "bzImage: 32-bit entry")
    #expect(bzImage.contains("command line: "))
    #expect(bzImage.contains("initrd: 0x1fff000, size 0x3, sum 0x6"))
  }

  @Test("inspect tells the boot protocol and the kernel's version")
  func inspect() throws {
    let run = try Scanline.run("inspect", try GuestImages.path("bzimage"))
    #expect(run.end == .status(0))
    let report = text(run.output)
    for part in [
      "Linux kernel (bzImage)", "1.0-scanline", "protocol 2.15", "255 bytes", "0x1000200",
    ] {
      #expect(report.contains(part), "\(report)")
    }
  }
}
