import TestSupport
import Testing

@Suite("How guests end", .needsKVM, .generousTimeLimit)
struct EndingTests {
  @Test("isa-debug-exit", arguments: [0, 1, 21, 42, 127, 128, 255])
  func debugExit(code: Int32) throws {
    let run = try Scanline.run("run", GuestImages.path("exitcode"), "--append", "code=\(code)")
    #expect(run.end == .status((code << 1 | 1) & 0xFF))
    #expect(run.errors == "scanline: the guest exited with \(code) by isa-debug-exit\n")
    #expect(run.output == [])
  }

  @Test("cli; hlt")
  func halt() throws {
    let run = try Scanline.run("run", GuestImages.path("halt"))
    #expect(run.end == .status(0))
    #expect(run.errors == "scanline: the guest halted\n")
  }

  @Test("a triple fault shows registers and the instruction's bytes on standard error")
  func tripleFault() throws {
    let run = try Scanline.run("run", GuestImages.path("triplefault"))
    #expect(run.end == .status(70))
    #expect(run.output == [])
    #expect(run.errorLines.first?.contains("triple fault") == true)
    #expect(
      run.errorLines.dropFirst().first
        == "  executed ud2 (#UD): the IDT limit is 0, so nothing handles it")
    #expect(run.errors.contains("rip 0000000000100000"))
    #expect(run.errors.contains("efer 0000000000000500"))
    #expect(run.errors.contains("code 0f 0b"))
  }

  @Test("an instruction that KVM cannot execute shows where and which")
  func badOpcode() throws {
    let run = try Scanline.run("run", GuestImages.path("badopcode"))
    #expect(run.end == .status(70))
    #expect(run.output == [])
    #expect(run.errorLines.first?.contains("emulation failure") == true)
    #expect(run.errors.contains("rip 0000000000100005"))
    #expect(run.errors.contains("code dd 00"))
  }

  @Test("--timeout ends a guest that never would, and the last frame is still written")
  func timeout() throws {
    let directory = try TemporaryDirectory()
    let run = try Scanline.run(
      "run", GuestImages.path("runaway"), "--timeout", "0.3", "--screenshot",
      directory.file("last.ppm"))
    #expect(run.end == .status(124))
    #expect(run.errorLines.first?.contains("--timeout") == true)
    #expect(run.errors.contains("vCPU 0 was at 0x100000, 64-bit long mode, CPL 0"))
    #expect(run.errors.contains("code e9 fb ff ff ff"))
    #expect(
      try directory.read("last.ppm").count == "P6\n1024 768\n255\n".utf8.count + 1024 * 768 * 3)
    #expect(directory.names == ["last.ppm"])
  }

  @Test("a guest that is done in time is not affected by --timeout")
  func inTime() throws {
    let run = try Scanline.run("run", GuestImages.path("halt"), "--timeout", "30")
    #expect(run.end == .status(0))
  }

  @Test("waiting for interrupts on a machine that has none is explained")
  func waitsForNothing() throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write([0xFB, 0xF4], to: "sti-hlt.bin")
    let run = try Scanline.run("run", image)
    #expect(run.end == .status(0))
    #expect(run.errors.contains("--irqchip kernel"))
  }

  @Test(
    "impossible video modes and addresses without memory change nothing for us",
    arguments: ["absurdmode", "outofbounds"])
  func badManners(guest: String) throws {
    let run = try Scanline.run("run", GuestImages.path(guest))
    #expect(run.end == .status(0))
    #expect(text(run.output).hasSuffix("\(guest): still here\n"))
    #expect(run.errors == "scanline: the guest halted\n")
  }
}
