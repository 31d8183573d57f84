import Devices

/// Pauses: the vCPUs come to rest, whoever wants it, and go on when nobody does any more.
extension RunControl {
  /// Has the vCPUs come to rest until as many calls of ``endPause()``, and waits until they are.
  func pause() {
    state.withLock { state in changeRest(&state) { $0.pauses += 1 } }
    state.wait(until: \.isAtRest) { _ in }
  }

  /// Takes back one ``pause()``, of whatever thread. Without one it does nothing.
  func endPause() {
    state.update { state in
      guard state.pauses > 0 else { return }
      changeRest(&state) { $0.pauses -= 1 }
    }
  }

  /// Lends the machine at rest to `body`, and to nobody else meanwhile.
  func withRest<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    state.withLock { state in changeRest(&state) { $0.holds += 1 } }
    state.wait(until: \.isAtRest) { $0.isTaken = true }
    defer { endRest() }
    return try body()
  }

  /// Gives back what was taken, with its hold.
  private func endRest() {
    state.update { state in
      state.isTaken = false
      changeRest(&state) { $0.holds -= 1 }
    }
  }

  /// Keeps a vCPU's thread at rest while that is wanted and the machine is not stopping.
  func park() {
    // In one go: all vCPUs come here at once, and each wait for the lock is two context switches.
    state.wait(
      after: { removeActiveThread(&$0) }, until: { !$0.wantsRest || $0.ending != nil },
      then: { $0.activeThreads += 1 })
  }

  /// A vCPU's thread is not active any more, because it has come to its end.
  func noteEnd() {
    state.withLock { removeActiveThread(&$0) }
  }

  private func removeActiveThread(_ state: inout State) {
    state.activeThreads -= 1
    // Before that nobody has waited for this, but all who rest would wake up.
    if state.activeThreads == 0 { self.state.broadcast() }
  }

  /// The number of the last rest that was asked for.
  var restNumber: UInt64 {
    state.withLock { $0.restNumber }
  }
}

/// A reset that the guest has asked for.
struct ResetRequest: Sendable {
  let cause: ResetCause
  /// What a triple fault left.
  let crash: CrashReport?
}

/// Resets that a vCPU asks for: its thread cannot perform them, because it is to be at rest for them.
extension RunControl {
  /// Has the vCPUs come to rest for a reset, and does not wait. While another one is not done it does
  /// nothing: that one resets the machine, too.
  func requestReset(_ request: ResetRequest) {
    state.withLock { state in
      guard state.resetRequest == nil, state.ending == nil else { return }
      state.resetRequest = request
      changeRest(&state) { $0.holds += 1 }
      resetEvent.signal()
    }
  }

  /// Lends the machine at rest to `body` for the reset that was requested, if one was.
  func withRequestedReset(_ body: (ResetRequest) -> Void) {
    resetEvent.clear()
    let request = state.wait(
      until: { $0.activeThreads == 0 && !$0.isTaken },
      then: { state in
        guard state.ending == nil, let request = state.resetRequest else {
          return ResetRequest?.none
        }
        state.isTaken = true
        return request
      })
    guard let request else { return }
    body(request)
    state.withLock { $0.resetRequest = nil }
    endRest()
  }
}

extension RunControl.State {
  /// Nobody runs, and nobody changes anything. A machine that stops performs no reset any more.
  fileprivate var isAtRest: Bool {
    activeThreads == 0 && !isTaken && (resetRequest == nil || ending != nil)
  }
}
