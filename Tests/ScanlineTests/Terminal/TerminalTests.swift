import Glibc
import TestSupport
import Testing

@Suite("In a terminal", .needsKVM, .serialized, .generousTimeLimit)
struct TerminalTests {
  private func echoSession() throws -> TerminalSession {
    try TerminalSession("run", GuestImages.path("echo"))
  }

  @Test("keys go to the guest, which echoes them, and the terminal does not")
  func keys() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    try session.type("abc")
    try session.expect("abc")
    try session.type("\u{1}x")
    _ = try session.finish()
    #expect(session.transcript.ranges(of: "abc").count == 1)
  }

  @Test("Ctrl-A x quits with status 2 and leaves the terminal as it was")
  func quit() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    #expect(session.terminal.settings != session.initialSettings)
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
    #expect(session.terminal.settings == session.initialSettings)
    #expect(session.transcript.contains("quit by the user"))
  }

  @Test(
    "keys that mean something to a terminal are the guest's",
    arguments: [("\u{3}", "^C"), ("\u{1C}", "^\\"), ("\u{1A}", "^Z"), ("\u{13}", "^S")])
  func controlKeys(key: String, name: String) throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    try session.type(key + ".")
    try session.expect(key + ".")
    try session.type("\u{1}x")
    #expect(try session.finish() == 2, "\(name) did something else")
  }

  @Test("Ctrl-A a sends Ctrl-A, and Ctrl-A twice as well")
  func controlA() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    try session.type("<\u{1}a\u{1}\u{1}>")
    try session.expect("<\u{1}\u{1}>")
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
  }

  @Test("Ctrl-A h lists the commands")
  func help() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    try session.type("\u{1}h")
    for line in ["Ctrl-A x  quit\r\n", "Ctrl-A b  send a break\r\n", "Ctrl-A a", "Ctrl-A h"] {
      try session.expect(line)
    }
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
  }

  @Test("Ctrl-A s writes the picture and says where")
  func screenshot() throws {
    let directory = try TemporaryDirectory()
    let picture = directory.file("now.ppm")
    let session = try TerminalSession(
      "run", GuestImages.path("echo"), "--screenshot", picture)
    _ = try session.waitUntilRaw()
    try session.type("\u{1}s")
    try session.expect("scanline: the picture is in \(picture)\r\n")
    #expect(directory.names == ["now.ppm"])
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
  }

  @Test("Ctrl-A b sends a break, which the guest receives as a null character")
  func sendBreak() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    try session.type("<\u{1}b")
    try session.expect("<\0")
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
  }

  @Test("a guest's newline starts a line")
  func newline() throws {
    let session = try TerminalSession("run", GuestImages.path("hello64"))
    #expect(try session.finish() == 0)
    #expect(session.transcript.contains("Hello from 64-bit long mode\r\n"))
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test("the guest's end leaves the terminal as it was")
  func guestEnds() throws {
    let session = try echoSession()
    _ = try session.waitUntilRaw()
    // Ctrl-D is how this guest is told to halt.
    try session.type("\u{4}")
    #expect(try session.finish() == 0)
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test("the time limit leaves the terminal as it was")
  func timeout() throws {
    let session = try TerminalSession("run", GuestImages.path("runaway"), "--timeout", "0.5")
    _ = try session.waitUntilRaw()
    #expect(try session.finish() == 124)
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test(
    "a signal, or a crash of ours, leaves the terminal as it was, and the shell sees it",
    arguments: [
      SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP,
    ])
  func signals(signal: Int32) throws {
    let session = try echoSession()
    let scanline = try session.waitUntilRaw()
    kill(scanline, signal)
    #expect(try session.finish() == 128 + signal)
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test("a terminal that is only written to stays as it is, and Ctrl-A is a byte like any other")
  func outputOnly() throws {
    let terminal = try PseudoTerminal()
    let settings = terminal.settings
    let process = try ChildProcess(
      [Scanline.path, "run", GuestImages.path("echo")], input: .bytes([1, UInt8(ascii: "x")]),
      output: .terminal(terminal), errors: .collected)
    #expect(try process.finish() == .status(0))
    #expect(terminal.settings == settings)
  }

  @Test("a terminal is no place for a picture")
  func pictureOnTerminal() throws {
    let session = try TerminalSession("run", GuestImages.path("hello64"), "--screenshot", "-")
    #expect(try session.finish() == 64)
    #expect(!session.transcript.contains("Hello"))
  }
}
