import CProcess
import Glibc
import SystemPackage

/// A terminal whose keyboard and screen belong to the test.
final class PseudoTerminal {
  /// The test's end.
  let leader: FileDescriptor
  /// What a child opens as its terminal.
  let path: String

  init() throws {
    var name = [CChar](repeating: 0, count: 64)
    let result = unsafe cprocess_open_terminal(&name, name.count)
    guard result >= 0 else { throw Errno(rawValue: -result) }
    leader = FileDescriptor(rawValue: result)
    path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    try? leader.close()
  }

  /// The terminal's settings, which both ends share.
  struct Settings: Equatable {
    let input: tcflag_t
    let output: tcflag_t
    let control: tcflag_t
    let local: tcflag_t

    /// Whether every key goes to the program at once, Ctrl-C included, and none is shown.
    var isRaw: Bool { local & tcflag_t(ECHO | ICANON | ISIG | IEXTEN) == 0 }
  }

  var settings: Settings {
    var settings = termios()
    unsafe tcgetattr(leader.rawValue, &settings)
    return Settings(
      input: settings.c_iflag, output: settings.c_oflag, control: settings.c_cflag,
      local: settings.c_lflag)
  }

  /// Sets the flags in `settings`, as a program in the foreground would.
  func apply(_ settings: Settings) {
    var current = termios()
    unsafe tcgetattr(leader.rawValue, &current)
    current.c_iflag = settings.input
    current.c_oflag = settings.output
    current.c_cflag = settings.control
    current.c_lflag = settings.local
    unsafe tcsetattr(leader.rawValue, TCSANOW, &current)
  }

  /// The process group that may read the terminal.
  var foregroundGroup: pid_t { tcgetpgrp(leader.rawValue) }

  func type(_ text: String) throws {
    try leader.writeAll(text.utf8)
  }
}
