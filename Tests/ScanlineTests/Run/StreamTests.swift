import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Standard input and output", .needsKVM, .serialized, .generousTimeLimit)
struct StreamTests {
  @Test("what is piped in comes back, and its end ends the guest")
  func echo() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("echo"), input: .bytes(Array("hello\n".utf8)))
    #expect(text(run.output) == "hello\n")
    #expect(run.end == .status(0))
  }

  @Test("every byte but the guest's own Ctrl-D passes as it is, Ctrl-A included")
  func binary() throws {
    let bytes = (UInt8.min...UInt8.max).filter { $0 != 4 }
    let run = try Scanline.run("run", GuestImages.path("echo"), input: .bytes(bytes))
    #expect(run.output == bytes)
  }

  @Test("a megabyte arrives whole")
  func megabyte() throws {
    let bytes = [UInt8](repeating: 0xA5, count: 1_000_000)
    let run = try Scanline.run("run", GuestImages.path("receive"), input: .bytes(bytes))
    #expect(text(run.output).contains("00000000000f4240"))
    #expect(run.end == .status(0))
  }

  @Test("input larger than the queue on the way arrives in order")
  func order() throws {
    var random = SplitMix64(seed: 1)
    let bytes = (0..<12_000).map { _ in UInt8.random(in: 5...255, using: &random) }
    let run = try Scanline.run("run", GuestImages.path("echo"), input: .bytes(bytes))
    #expect(run.output == bytes)
    #expect(run.end == .status(0))
  }

  @Test("input that is empty, /dev/null or closed is at its end at once")
  func noInput() throws {
    for input in [ChildProcess.Input.bytes([]), .file("/dev/null"), .closed] {
      let run = try Scanline.run("run", GuestImages.path("echo"), input: input)
      #expect(run.output == [])
      #expect(run.end == .status(0))
    }
  }

  @Test("input may be a regular file")
  func fileInput() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write(Array("from a file\n".utf8), to: "input")
    let run = try Scanline.run("run", GuestImages.path("echo"), input: .file(path))
    #expect(text(run.output) == "from a file\n")
  }

  @Test("text without a newline appears while the guest goes on")
  func partialLine() throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write(
      [
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8
        0xB0, 0x3E,  // mov al, '>'
        0xEE,  // out dx, al
        0xEB, 0xFE,  // jmp $
      ], to: "prompt.bin")
    let process = try Scanline.start("run", image)
    try process.wait(for: "prompt") { text(process.output) == ">" }
    process.send(SIGTERM)
    #expect(try process.finish() == .signal(SIGTERM))
  }

  @Test("a reader that has gone ends the guest soon, by SIGPIPE, without a word")
  func closedReader() throws {
    let process = try ChildProcess(
      [
        "/bin/sh", "-c", #"{ "$@"; echo "ended $?" >&2; } | head -n 1"#, "sh", Scanline.path,
        "run", GuestImages.path("serialflood"),
      ])
    #expect(try process.finish() == .status(0))
    #expect(text(process.output).hasPrefix("0000000 ABC"))
    #expect(text(process.output).count == 64)
    #expect(text(process.errors) == "ended \(128 + SIGPIPE)\n")
  }

  @Test("output that has no room fails the run", arguments: ["hello64", "serialflood"])
  func fullOutput(guest: String) throws {
    let run = try Scanline.run("run", GuestImages.path(guest), output: .file("/dev/full"))
    #expect(run.end == .status(74))
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("No space left on device"))
  }

  @Test("output without a newline is not forgotten when it has no room")
  func fullOutputAtTheEnd() throws {
    let directory = try TemporaryDirectory()
    let image = try directory.write(
      [
        0x66, 0xBA, 0xF8, 0x03,  // mov dx, 0x3F8
        0xB0, 0x3E,  // mov al, '>'
        0xEE,  // out dx, al
        0xFA, 0xF4,  // cli; hlt
      ], to: "last-word.bin")
    #expect(text(try Scanline.run("run", image).output) == ">")
    #expect(try Scanline.run("run", image, output: .file("/dev/full")).end == .status(74))
  }

  @Test("closed output fails the run, and no other file gets the guest's text")
  func closedOutput() throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), output: .closed)
    #expect(run.end == .status(74))
    #expect(run.errorLines.count == 1)
    #expect(run.errors.contains("serial output"))
  }

  @Test("closed standard error is no reason to fail")
  func closedErrors() throws {
    let run = try Scanline.run("run", GuestImages.path("hello64"), errors: .closed)
    #expect(run.end == .status(0))
    #expect(text(run.output) == "Hello from 64-bit long mode\n")
  }

  @Test("with all three closed the guest still runs to its own end")
  func allClosed() throws {
    let run = try Scanline.run(
      "run", GuestImages.path("exitcode"), "--append", "code=3", input: .closed, output: .closed,
      errors: .closed)
    #expect(run.end == .status(7))
  }

  @Test("a file-size limit on the output fails the run instead of killing it")
  func limitedOutput() throws {
    let directory = try TemporaryDirectory()
    let run = try Scanline.shell(
      "ulimit -f 8; \"$@\" >output", "run", GuestImages.path("serialflood"),
      directory: directory.path)
    #expect(run.end == .status(74))
    #expect(run.errors.contains("File too large"))
  }
}
