import Synchronization

/// What can be made to look at its requests again.
protocol Kickable: AnyObject, Sendable {
  func kick()
}

/// The one place where a machine's threads learn that they should pause, go on or stop, and why.
///
/// A vCPU's thread is *active* from its start to its end, except while it rests in ``park()``.
/// Requests are made under the lock before any thread is kicked, and no thread becomes active again
/// but under the lock: so whoever holds a pause and finds no active thread knows that no vCPU runs
/// until that pause is taken back.
final class RunControl: Sendable {
  struct State {
    var ending: Ending?
    var threads: [any Kickable] = []
    /// vCPU threads that are started and neither parked nor at their end.
    var activeThreads = 0
    /// Pauses of the machine's users that have been begun and not ended.
    var pauses = 0
    /// The same of the machine itself: ``RunControl/withRest(_:)``, and a requested reset.
    var holds = 0
    /// How often the vCPUs were asked to come to rest.
    var restNumber: UInt64 = 0
    /// Whether somebody has the machine at rest to themselves.
    var isTaken = false
    /// A reset that was asked for and is not done.
    var resetRequest: ResetRequest?

    /// Whether the vCPUs should be at rest.
    var wantsRest: Bool { pauses + holds > 0 }
  }

  let state = Monitor(State())
  private let stopping = Atomic<Bool>(false)
  private let resting = Atomic<Bool>(false)
  private let round = Atomic<UInt64>(0)

  /// Raised for good once a stop was requested: for threads that wait in `poll(2)`.
  let stopEvent: EventDescriptor
  /// Raised while the vCPUs should come to rest, for a pause or for good: a device that makes a vCPU
  /// wait lets it go then.
  let restEvent: EventDescriptor
  /// Raised when a reset was requested.
  let resetEvent: EventDescriptor

  init() throws(VMMError) {
    stopEvent = try EventDescriptor()
    restEvent = try EventDescriptor()
    resetEvent = try EventDescriptor()
  }

  /// Whether the threads should end. Read it after ``VCPUThread`` has cleared `immediate_exit`.
  var isStopping: Bool {
    stopping.load(ordering: .sequentiallyConsistent)
  }

  /// Whether the vCPUs should be at rest. Read it as ``isStopping``.
  var wantsRest: Bool {
    resting.load(ordering: .sequentiallyConsistent)
  }

  /// Why the machine stops or has stopped; nil while it runs.
  var ending: Ending? {
    state.withLock { $0.ending }
  }

  /// Has `thread` kicked by every later request, and counts it as active; false when the machine is
  /// stopping already.
  func add(_ thread: any Kickable) -> Bool {
    state.withLock { state in
      guard state.ending == nil else { return false }
      state.threads.append(thread)
      state.activeThreads += 1
      return true
    }
  }

  /// Forgets the threads, which have ended: a later stop must not signal them.
  func removeAll() {
    state.withLock { $0.threads = [] }
  }

  /// Stops the machine for the reason `ending`, unless it is stopping already. Any thread may call
  /// it, a vCPU's included; it does not wait.
  ///
  /// - Parameter restNumber: Nothing happens either if this rest was not the last; nil to stop in any
  ///   case.
  func stop(_ ending: Ending, unlessRestedSince restNumber: UInt64? = nil) {
    state.update { state in
      guard state.ending == nil, restNumber ?? state.restNumber == state.restNumber
      else { return }
      state.ending = ending
      request(stopping, of: state.threads)
      stopEvent.signal()
    }
  }

  /// Makes a request visible, and every thread look at it.
  private func request(_ flag: borrowing Atomic<Bool>, of threads: [any Kickable]) {
    // The request stands before any thread is kicked, so that none can miss it.
    flag.store(true, ordering: .sequentiallyConsistent)
    restEvent.signal()
    for thread in threads { thread.kick() }
  }

  /// The round of ``HaltMonitor`` that every vCPU should answer.
  var haltRound: UInt64 {
    round.load(ordering: .sequentiallyConsistent)
  }

  /// Asks every vCPU whether anything can still wake it; returns the round's number, and that of the
  /// last rest before it. nil if the vCPUs are at rest, when none would answer.
  func beginHaltRound() -> (round: UInt64, restNumber: UInt64)? {
    state.withLock { state in
      // A thread of a machine that stops may have been joined, and must not be signalled any more.
      guard state.ending == nil, !state.wantsRest else { return nil }
      let next = round.add(1, ordering: .sequentiallyConsistent).newValue
      for thread in state.threads { thread.kick() }
      return (next, state.restNumber)
    }
  }

  /// Changes who wants the vCPUs at rest, and has them come to rest or go on accordingly.
  func changeRest(_ state: inout State, _ change: (inout State) -> Void) {
    let wantedRest = state.wantsRest
    change(&state)
    guard state.wantsRest != wantedRest else { return }
    if state.wantsRest {
      state.restNumber &+= 1
      request(resting, of: state.ending == nil ? state.threads : [])
    } else {
      resting.store(false, ordering: .sequentiallyConsistent)
      if state.ending == nil { restEvent.clear() }
    }
  }
}
