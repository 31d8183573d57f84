import Glibc
import SystemPackage

/// `scanline` as a foreground job of a shell on a terminal.
///
/// The shell is the session's leader and outlives `scanline`: when a session's leader ends, the
/// kernel resets the terminal, and nobody could tell who restored its settings. It reports how its
/// job ended as `[ended STATUS]`, and a stopped job as `[stopped]`; Enter then brings it back.
final class TerminalSession {
  let terminal: PseudoTerminal
  let shell: ChildProcess
  /// The settings before `scanline` was started.
  let initialSettings: PseudoTerminal.Settings

  private static let script = """
    set -m
    trap : INT  # or a job that dies by it would take the shell along
    $START
    while status=$?; [ $status -eq 147 ]; do echo "[stopped]"; read -r line; fg; done
    echo "[ended $status]"
    read -r line
    """

  /// - Parameter inBackground: Whether the job starts in the background; Enter then makes it the
  ///   foreground job.
  init(_ arguments: String..., inBackground: Bool = false) throws {
    terminal = try PseudoTerminal()
    initialSettings = terminal.settings
    let start = inBackground ? "\"$@\" & read -r line; fg" : "\"$@\""
    shell = try ChildProcess(
      ["/bin/sh", "-c", Self.script.replacing("$START", with: start), "sh", Scanline.path]
        + arguments,
      input: .terminal(terminal), output: .terminal(terminal), errors: .terminal(terminal))
  }

  var transcript: String { text(shell.transcript) }

  func type(_ text: String) throws { try terminal.type(text) }

  /// Waits until the screen shows `expected`.
  func expect(_ expected: String) throws {
    try shell.wait(for: "\"\(expected)\"") { transcript.contains(expected) }
  }

  /// Waits until the guest owns the terminal; returns the process that made it so.
  func waitUntilRaw() throws -> pid_t {
    try shell.wait(for: "raw terminal") {
      terminal.settings.isRaw && terminal.foregroundGroup != shell.pid
    }
    return terminal.foregroundGroup
  }

  func waitUntilStopped() throws { try expect("[stopped]") }

  /// Waits until the job has ended; returns what the shell says of it.
  func finish() throws -> Int32? {
    try expect("[ended ")
    try shell.wait(for: "]") { transcript.split(separator: "[ended ").last?.contains("]") == true }
    return transcript.firstMatch(of: /\[ended (\d+)\]/).flatMap { Int32($0.output.1) }
  }
}
