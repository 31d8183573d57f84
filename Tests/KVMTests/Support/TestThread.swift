import Glibc

/// A thread of its own for a vCPU: joined, and kicked by a signal that does nothing.
@safe
final class TestThread {
  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  init(_ body: @escaping @Sendable () -> Void) {
    signal(SIGUSR1) { _ in }
    let context = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        // The worker threads of the test library block signals, and threads inherit that.
        var kick = sigset_t()
        unsafe sigemptyset(&kick)
        unsafe sigaddset(&kick, SIGUSR1)
        unsafe pthread_sigmask(SIG_UNBLOCK, &kick, nil)
        if let context = unsafe context {
          unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
      }, context)
    precondition(result == 0, "pthread_create: \(result)")
    self.thread = thread
  }

  func kick() { pthread_kill(thread, SIGUSR1) }

  func join() { pthread_join(thread, nil) }
}
