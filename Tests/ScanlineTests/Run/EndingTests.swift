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

  @Test(
    "--debug-exit moves it",
    arguments: [
      ("0x501,2", [0x66, 0xBA, 0x01, 0x05, 0xB0, 21, 0xEE], 43),  // outb $21, $0x501
      ("0x1501", [0x66, 0xBA, 0x04, 0x15, 0xB0, 21, 0xEE], 43),  // outb $21, $0x1504
      ("0xF4,1", [0xB0, 21, 0xE6, 0xF5], 0),  // outb $21, $0xF5
      ("none", [0xB0, 21, 0xE6, 0xF4], 0),  // outb $21, $0xF4
    ] as [(String, [UInt8], Int32)])
  func debugExitPorts(ports: String, code: [UInt8], status: Int32) throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write(code + [0xFA, 0xF4], to: "exit.bin")
    let run = try Scanline.run("run", image, "--debug-exit", ports)
    #expect(run.end == .status(status), "\(run.errors)")
  }

  @Test("a guest that switches the machine off ends as one that halts")
  func powerOff() throws {
    let directory = try TemporaryDirectory()
    // outw $0x2000, $0xB004; jmp .
    let image = try directory.write(
      [0x66, 0xBA, 0x04, 0xB0, 0x66, 0xB8, 0x00, 0x20, 0x66, 0xEF, 0xEB, 0xFE], to: "off.bin")
    let run = try Scanline.run("run", image)
    #expect(run.end == .status(0))
    #expect(run.errors == "scanline: the guest powered itself off\n")
    #expect(try Scanline.run("run", image, "--quiet").errors == "")
  }

  @Test(
    "pvpanic", arguments: [(1, 70, "panicked"), (2, 0, "crash kernel")] as [(UInt8, Int32, String)])
  func panic(event: UInt8, status: Int32, reason: String) throws {
    let directory = try TemporaryDirectory()
    // outb $event, $0x505; cli; hlt
    let image = try directory.write(
      [0x66, 0xBA, 0x05, 0x05, 0xB0, event, 0xEE, 0xFA, 0xF4], to: "panic.bin")
    let run = try Scanline.run("run", image, "--quiet")
    #expect(run.end == .status(status))
    #expect(run.errors.contains(reason))
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
