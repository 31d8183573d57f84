import KVM
import Synchronization

/// What a vCPU's thread does when it was kicked.
extension VCPUThread {
  /// Looks for requests and obeys them: comes to rest, ends, answers the halt monitor. False when the
  /// thread should end.
  ///
  /// Call it before the first entry and when an entry was interrupted. Then registers and memory are
  /// final: `KVM_RUN` completes an `in` or a load from a device, and all that is left of a string
  /// instruction's batch, before it looks at `immediate_exit` and at signals (KVM API section 5).
  func obeyRequests() throws(KVMError) -> Bool {
    while true {
      vcpu.immediateExit = false
      // A request is stored before its kick: clearing first and reading then misses none.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      if control.isStopping { return false }
      guard control.wantsRest else { break }
      control.park()
      // After a rest that a stop has ended the state is what whoever had the machine has left.
      guard !control.isStopping else { return false }
    }
    try answerHaltMonitor()
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
