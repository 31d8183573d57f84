import CProcess
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Signals", .needsKVM, .serialized, .generousTimeLimit)
struct SignalTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
  }

  /// A guest that says "up" and then never exits: by then every handler is in place.
  private func startedGuest(
    _ options: String..., output: ChildProcess.Output = .collected
  ) throws -> ChildProcess {
    let process = try ChildProcess(
      [Scanline.path, "run", busyImage()] + options, input: .open, output: output)
    return process
  }

  private func busyImage() throws -> String {
    try directory.write(
      [
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8
        0xB0, 0x0A,  // mov al, '\n'
        0xEE,  // out dx, al
        0xEB, 0xFE,  // jmp $
      ], to: "busy.bin")
  }

  private static let pictureSize = "P6\n1024 768\n255\n".utf8.count + 1024 * 768 * 3

  @Test(
    "the process dies by the signal it was sent, after the last frame was written",
    arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
  func endingSignal(signal: Int32) throws {
    let picture = directory.file("last.ppm")
    let process = try startedGuest("--screenshot", picture)
    try process.wait(for: "guest") { !process.output.isEmpty }
    process.send(signal)
    #expect(try process.finish() == .signal(signal))
    #expect(try status(of: picture).st_size == Self.pictureSize)
    #expect(text(process.errors) == "scanline: ended by signal \(signal)\n")
    #expect(directory.names == ["busy.bin", "last.ppm"])
  }

  @Test("the picture that a signal leaves is what the guest had drawn")
  func exactFrame() throws {
    let image = try directory.write(
      [
        0xBF, 0x00, 0x00, 0x00, 0xE0,  // mov edi, 0xE0000000
        0xB9, 0x00, 0x00, 0x0C, 0x00,  // mov ecx, 1024 * 768
        0xB8, 0x56, 0x34, 0x12, 0x00,  // mov eax, 0x123456
        0xF3, 0xAB,  // rep stosd
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8
        0xB0, 0x0A,  // mov al, '\n'
        0xEE,  // out dx, al
        0xEB, 0xFE,  // jmp $
      ], to: "fill.bin")
    let process = try Scanline.start("run", image, "--screenshot", directory.file("last.ppm"))
    try process.wait(for: "guest") { !process.output.isEmpty }
    process.send(SIGTERM)
    _ = try process.finish()
    let pixels = try directory.read("last.ppm").suffix(1024 * 768 * 3)
    let color: [UInt8] = [0x12, 0x34, 0x56]
    #expect(pixels.elementsEqual((0..<1024 * 768 * 3).lazy.map { color[$0 % 3] }))
  }

  @Test("SIGUSR2 writes the exact picture while the guest runs, over the one before")
  func liveScreenshot() throws {
    // Fills the screen with a byte that it reads from the serial port, tells so, and again.
    let image = try directory.write(
      [
        0x66, 0xBA, 0xFD, 0x03,  // 1: mov dx, 0x3FD
        0xEC, 0xA8, 0x01, 0x74, 0xFB,  // 2: in al, dx; test al, 1; jz 2b
        0x66, 0xBA, 0xF8, 0x03, 0xEC,  // mov dx, 0x3F8; in al, dx
        0xBF, 0x00, 0x00, 0x00, 0xE0,  // mov edi, 0xE0000000
        0xB9, 0x00, 0x00, 0x30, 0x00,  // mov ecx, 1024 * 768 * 4
        0xF3, 0xAA,  // rep stosb
        0xB0, 0x0A, 0xEE,  // mov al, '\n'; out dx, al
        0xEB, 0xE1,  // jmp 1b
      ], to: "fill.bin")
    let picture = directory.file("live.ppm")
    let process = try Scanline.start("run", image, "--screenshot", picture)
    for (number, byte) in "AB".utf8.enumerated() {
      process.type(String(decoding: [byte], as: UTF8.self))
      try process.wait(for: "fill") { process.output.count > number }
      process.send(SIGUSR2)
      try process.wait(for: "picture") {
        guard directory.names.contains("live.ppm") else { return false }
        return (try? directory.read("live.ppm"))?.suffix(1024 * 768 * 3).allSatisfy { $0 == byte }
          == true
      }
    }
    process.send(SIGTERM)
    #expect(try process.finish() == .signal(SIGTERM))
    #expect(text(process.errors) == "scanline: ended by signal \(SIGTERM)\n")
    #expect(directory.names == ["fill.bin", "live.ppm"])
  }

  @Test("SIGUSR2 without a file for it is answered in words, and the guest goes on")
  func liveScreenshotWithoutFile() throws {
    let process = try Scanline.start("run", GuestImages.path("echo"))
    process.type("a")
    try process.wait(for: "echo") { text(process.output) == "a" }
    process.send(SIGUSR2)
    try process.wait(for: "note") { text(process.errors).contains("start with --screenshot") }
    process.type("b")
    try process.wait(for: "echo") { text(process.output) == "ab" }
    process.send(SIGTERM)
    #expect(try process.finish() == .signal(SIGTERM))
  }

  @Test("a signal that was ignored at the start stays ignored, as with nohup")
  func ignoredSignal() throws {
    let process = try ChildProcess(
      [
        "/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", Scanline.path, "run",
        GuestImages.path("echo"),
      ], input: .open)
    process.type("a")
    try process.wait(for: "echo") { text(process.output) == "a" }
    process.send(SIGHUP)
    process.type("b")
    try process.wait(for: "another echo") { text(process.output) == "ab" }
    process.endInput()
    #expect(try process.finish() == .status(0))
  }

  @Test("a second signal ends a run that waits for a reader")
  func secondSignal() throws {
    let pipe = try Pipe()
    defer { pipe.close() }
    let process = try startedGuest("--screenshot", "-", output: .unread(pipe))
    // Serial output is on standard error now.
    try process.wait(for: "guest") { !process.errors.isEmpty }
    process.send(SIGTERM)
    // The picture is far larger than a pipe: once something is in it, the writer waits.
    try process.wait(for: "picture") { cprocess_readable_bytes(pipe.reader.rawValue) >= 65536 }
    #expect(process.end == nil)
    process.send(SIGINT)
    #expect(try process.finish() == .signal(SIGINT))
  }

  @Test("a signal ends a finished guest whose output nobody reads")
  func signalAfterTheEnd() throws {
    let pipe = try Pipe()
    defer { pipe.close() }
    let process = try ChildProcess(
      [Scanline.path, "run", GuestImages.path("gradient"), "--screenshot", "-"],
      output: .unread(pipe))
    try process.wait(for: "picture") { cprocess_readable_bytes(pipe.reader.rawValue) >= 65536 }
    process.send(SIGTERM)
    #expect(try process.finish() == .signal(SIGTERM))
  }

  @Test("a signal ends a guest that waits for its output to be read")
  func blockedOutput() throws {
    let pipe = try Pipe()
    defer { pipe.close() }
    let process = try ChildProcess(
      [Scanline.path, "run", GuestImages.path("serialflood")], output: .unread(pipe))
    try process.wait(for: "full pipe") { cprocess_readable_bytes(pipe.reader.rawValue) >= 61440 }
    process.send(SIGTERM)
    #expect(try process.finish() == .signal(SIGTERM))
  }

  @Test("--timeout ends a guest that waits for its output to be read")
  func timeoutWhileBlocked() throws {
    let pipe = try Pipe()
    defer { pipe.close() }
    let process = try ChildProcess(
      [Scanline.path, "run", GuestImages.path("serialflood"), "--timeout", "0.5"],
      output: .unread(pipe))
    #expect(try process.finish() == .status(124))
  }
}
