import KVM
import Synchronization

/// What a vCPU's thread does when it was kicked.
extension VCPUThread {
  /// Looks for requests and obeys them: comes to rest, ends, answers the halt monitor. False when the
  /// thread should end.
  func obeyRequests() throws(KVMError) -> Bool {
    while true {
      vcpu.immediateExit = false
      // A request is stored before its kick: clearing first and reading then misses none.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      let isStopping = control.isStopping
      guard isStopping || control.wantsRest else { break }
      guard try completePendingIO(), !isStopping else { return false }
      control.park()
      // After a rest that a stop has ended the state is what whoever had the machine has left.
      guard !control.isStopping else { return false }
    }
    try answerHaltMonitor()
    return true
  }

  /// An `in` or a load from a device takes effect only at the next entry. Enters until there is
  /// nothing left to complete, so that registers and memory are final (KVM API section 5).
  ///
  /// - Returns: False when the completion has shown that the thread should end.
  private func completePendingIO() throws(KVMError) -> Bool {
    vcpu.immediateExit = true
    // Only a string instruction needs more than a few rounds, one for each batch. A guest chooses
    // its length, so there is a limit; between batches the instruction can be restarted.
    for _ in 0..<1024 {
      let exit = try runLoop()
      if case .interrupted = exit { return true }
      guard try handle(exit) else { return false }
    }
    return true
  }
}

// MARK: - Halt monitor

extension VCPUThread {
  /// Whether the vCPU answered ``HaltMonitor`` round `round` with "nothing can wake me".
  func isDead(inRound round: UInt64) -> Bool {
    haltReport.load(ordering: .acquiring) == round << 1 | 1
  }

  /// Whether the vCPU has answered round `round`.
  func hasAnswered(round: UInt64) -> Bool {
    haltReport.load(ordering: .acquiring) >> 1 == round
  }

  private func answerHaltMonitor() throws(KVMError) {
    let round = control.haltRound
    guard round != haltReport.load(ordering: .relaxed) >> 1 else { return }
    let dead =
      switch try vcpu.mpState() {
      case .halted: try !vcpu.registers().interruptFlag
      case .uninitialized, .initReceived: true
      default: false
      }
    haltReport.store(round << 1 | (dead ? 1 : 0), ordering: .releasing)
  }
}
