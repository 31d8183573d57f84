import CKVM
import Glibc

/// The signal that makes a vCPU thread leave `KVM_RUN`.
///
/// Its handler does nothing: the point of the signal is that it interrupts. It is a real-time
/// signal, so that it meets no other use.
enum KickSignal {
  /// The first signal that the C library leaves to programs, once its handler stands.
  static let number: Int32 = {
    let number = __libc_current_sigrtmin()
    var action = sigaction()
    unsafe action.__sigaction_handler.sa_handler = { _ in }
    unsafe sigaction(number, &action, nil)
    return number
  }()

  /// Lets the calling thread be kicked, whatever mask it inherited.
  static func unblock() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, number)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }
}
