import CKVM
import Glibc
import Synchronization

/// A thread of the host that can be signalled, and that is joined exactly once.
final class Thread: Sendable {
  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  private let handle: pthread_t
  private let joined = Mutex(false)

  /// Starts `body` on a new thread.
  ///
  /// - Parameter name: At most 15 bytes, for `top -H` and debuggers.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(VMMError) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var handle = pthread_t()
    let failure = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        unsafe ckvm_set_thread_name(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard failure == 0 else {
      unsafe start.release()
      throw VMMError(
        .host,
        "thread \(name): pthread_create failed (\(failure)); raise the limit on processes or "
          + "lower --cpus")
    }
    self.handle = handle
  }

  /// Sends `signal` to the thread. Call it only before ``join()``.
  func signal(_ signal: Int32) {
    pthread_kill(handle, signal)
  }

  /// Waits until the thread has ended, in as many threads as call it.
  func join() {
    joined.withLock { joined in
      guard !joined else { return }
      joined = true
      pthread_join(handle, nil)
    }
  }
}
