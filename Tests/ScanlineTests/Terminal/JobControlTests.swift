import Glibc
import TestSupport
import Testing

@Suite("As a job of a shell", .needsKVM, .serialized, .generousTimeLimit)
struct JobControlTests {
  private func stoppedSession(by signal: Int32) throws -> TerminalSession {
    let session = try TerminalSession("run", GuestImages.path("echo"))
    let scanline = try session.waitUntilRaw()
    kill(scanline, signal)
    try session.waitUntilStopped()
    return session
  }

  @Test("while it is stopped the terminal is the shell's, and afterwards the guest's again")
  func suspend() throws {
    let session = try stoppedSession(by: SIGTSTP)
    #expect(session.terminal.settings == session.initialSettings)
    try session.type("\n")
    _ = try session.waitUntilRaw()
    try session.type("back")
    try session.expect("back")
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test("a stop that it cannot notice leaves the guest's terminal to the guest afterwards")
  func forcedStop() throws {
    let session = try stoppedSession(by: SIGSTOP)
    // What a shell does for its own line editor.
    session.terminal.apply(session.initialSettings)
    try session.type("\n")
    _ = try session.waitUntilRaw()
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
    #expect(session.terminal.settings == session.initialSettings)
  }

  @Test("in the background it runs on, leaves the terminal alone, and reads once it is in front")
  func background() throws {
    let session = try TerminalSession("run", GuestImages.path("echo"), "-v", inBackground: true)
    // Said once the machine is there; the guest runs without being stopped for input.
    try session.expect("entered at")
    #expect(session.terminal.settings == session.initialSettings)
    #expect(!session.transcript.contains("[stopped]"))
    try session.type("\n")
    _ = try session.waitUntilRaw()
    try session.type("here")
    try session.expect("here")
    try session.type("\u{1}x")
    #expect(try session.finish() == 2)
    #expect(session.terminal.settings == session.initialSettings)
  }
}
