import Glibc

/// The user's terminal, which is raw while a guest owns it.
///
/// Its settings before that are kept where a signal handler can reach them, so that even a crash of
/// ours leaves a usable terminal behind.
enum Terminal {
  /// Written only by the main thread, before the handlers that read it are set.
  nonisolated(unsafe) private static var savedSettings = termios()
  nonisolated(unsafe) private(set) static var isRaw = false

  /// Whether standard input is a terminal.
  static var isStandardInput: Bool { isatty(STDIN_FILENO) == 1 }

  /// Whether standard error is a terminal.
  static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

  /// Whether this process may read the terminal and change its settings without being stopped. A
  /// terminal that is not the session's own has no groups and stops nobody.
  static var isInForeground: Bool {
    let group = tcgetpgrp(STDIN_FILENO)
    return group < 0 || group == getpgrp()
  }

  /// Sends every key to the guest at once, Ctrl-C included. Output keeps being translated, so that
  /// a guest's newline starts a line. Does nothing in the background.
  static func makeRaw() {
    guard isStandardInput, isInForeground else { return }
    // While we were stopped without having been asked, the shell has put back its own settings.
    if unsafe !isRaw {
      guard unsafe tcgetattr(STDIN_FILENO, &savedSettings) == 0 else { return }
    }
    var settings = unsafe savedSettings
    settings.c_iflag &= ~tcflag_t(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON)
    settings.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | IEXTEN | ISIG)
    settings.c_cflag = settings.c_cflag & ~tcflag_t(CSIZE | PARENB) | tcflag_t(CS8)
    // First, and in `restore()` last: a signal in between puts the settings back once more.
    unsafe isRaw = true
    if unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings) != 0 { unsafe isRaw = false }
  }

  /// Puts back what ``makeRaw()`` found. In the background the terminal is somebody else's. Safe in
  /// a signal handler: it makes system calls only.
  static func restore() {
    guard unsafe isRaw, isInForeground else { return }
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &savedSettings)
    unsafe isRaw = false
  }

  /// Has the terminal restored before a crash of ours ends the process in the usual way.
  static func restoreOnCrash() {
    for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS] {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { signal in
        Terminal.restore()
        // The handler is gone by now (SA_RESETHAND), so this ends the process.
        raise(signal)
      }
      action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
      unsafe sigaction(signal, &action, nil)
    }
  }
}
