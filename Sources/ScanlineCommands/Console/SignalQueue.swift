import CKVM
import Glibc
import SystemPackage
import VMM

/// The signals that mean something to a run, read from a descriptor instead of interrupting it.
///
/// Made before any other thread, which then inherits the mask: each of these signals waits until
/// the main thread asks for it, in an order and at a moment of its choosing.
final class SignalQueue {
  /// Every signal that ends a process unless it is handled, but for those that mean a crash.
  private static let ending = [
    SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL,
    SIGPWR, SIGSTKFLT, SIGXCPU,
  ]
  private static let suspending = [SIGTSTP, SIGCONT]
  /// Asks for a picture of the running guest.
  static let screenshot = SIGUSR2

  let descriptor: FileDescriptor
  private var mask = sigset_t()

  init() throws(VMMError) {
    unsafe sigemptyset(&mask)
    for signal in Self.ending + Self.suspending + [Self.screenshot]
    where !Self.isIgnored(signal) {
      unsafe sigaddset(&mask, signal)
    }
    unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
    // Whoever writes to a closed pipe, or beyond the limit on file sizes, is told by the error.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let result = unsafe ckvm_signalfd(&mask)
    guard result >= 0 else {
      throw VMMError(
        .host, "signalfd: \(Errno(rawValue: -result)); raise the limit on open files (ulimit -n)")
    }
    descriptor = FileDescriptor(rawValue: result)
  }

  deinit {
    try? descriptor.close()
  }

  /// The next signal that has arrived; nil if there is none.
  func next() -> Int32? {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(descriptor.rawValue, &information, size) == size else { return nil }
    return Int32(information.ssi_signo)
  }

  /// Lets the signals have their usual effect again. Those that have arrived already are done with:
  /// a user who sends two wants one end. Whoever asks for pictures now and then comes too late, which
  /// is no reason to die.
  func release() {
    signal(Self.screenshot, SIG_IGN)
    while next() != nil {}
    unsafe pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  /// What `nohup` and shells without job control ignore stays ignored.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    let handler = unsafe action.__sigaction_handler.sa_handler
    return unsafe unsafeBitCast(handler, to: Int.self) == 1
  }
}
