import Synchronization

/// What can be made to look at its requests again.
protocol Kickable: AnyObject, Sendable {
  func kick()
}

/// The one place where a machine's threads learn that they should stop, and why.
final class RunControl: Sendable {
  private struct State {
    var ending: Ending?
    var threads: [any Kickable] = []
  }

  private let state = Mutex(State())
  private let stopping = Atomic<Bool>(false)
  private let round = Atomic<UInt64>(0)

  /// Raised for good once a stop was requested: for threads that wait in `poll(2)`.
  let stopEvent: EventDescriptor

  init() throws(VMMError) {
    stopEvent = try EventDescriptor()
  }

  /// Whether the threads should end. Read it after ``VCPUThread`` has cleared `immediate_exit`.
  var isStopping: Bool {
    stopping.load(ordering: .sequentiallyConsistent)
  }

  /// Why the machine stops or has stopped; nil while it runs.
  var ending: Ending? {
    state.withLock { $0.ending }
  }

  /// Has `thread` kicked by every later ``stop(_:)``; false when the machine is stopping already.
  func add(_ thread: any Kickable) -> Bool {
    state.withLock { state in
      guard state.ending == nil else { return false }
      state.threads.append(thread)
      return true
    }
  }

  /// Forgets the threads, which have ended: a later stop must not signal them.
  func removeAll() {
    state.withLock { $0.threads = [] }
  }

  /// Stops the machine for the reason `ending`, unless it is stopping already. Any thread may call
  /// it, a vCPU's included; it does not wait.
  func stop(_ ending: Ending) {
    state.withLock { state in
      guard state.ending == nil else { return }
      state.ending = ending
      // The request stands before any thread is kicked, so that none can miss it.
      stopping.store(true, ordering: .sequentiallyConsistent)
      for thread in state.threads { thread.kick() }
    }
    stopEvent.signal()
  }

  /// The round of ``HaltMonitor`` that every vCPU should answer.
  var haltRound: UInt64 {
    round.load(ordering: .sequentiallyConsistent)
  }

  /// Asks every vCPU whether anything can still wake it; returns the round's number.
  func beginHaltRound() -> UInt64 {
    state.withLock { state in
      let next = round.add(1, ordering: .sequentiallyConsistent).newValue
      // A thread of a machine that stops may have been joined, and must not be signalled any more.
      guard state.ending == nil else { return next }
      for thread in state.threads { thread.kick() }
      return next
    }
  }
}
