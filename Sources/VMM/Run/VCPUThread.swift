import CKVM
import KVM
import Synchronization

/// One vCPU and the thread that runs it.
final class VCPUThread: Kickable, @unchecked Sendable {
  private let vcpu: VCPU
  private let loop: ExitLoop
  private let memory: GuestMemory
  private let dirtyLog: DirtyLog?
  private let control: RunControl
  /// nil unless its exits or accesses are traced.
  private let trace: VCPUTrace?
  private let times = OnceBox<HostTimes>()
  private let thread = Mutex<Thread?>(nil)
  /// Which ``HaltMonitor`` round this vCPU has answered, and what it said.
  private let haltReport = Atomic<UInt64>(0)

  init(
    vcpu: consuming VCPU, loop: ExitLoop, memory: GuestMemory, dirtyLog: DirtyLog?,
    control: RunControl, trace: VCPUTrace? = nil
  ) {
    self.vcpu = vcpu
    self.loop = loop
    self.memory = memory
    self.dirtyLog = dirtyLog
    self.control = control
    self.trace = trace
  }

  /// What the thread has used of the host's processors; nil until it has ended.
  var hostTimes: HostTimes? { times.value }

  /// The kernel's statistics of this vCPU, readable while it runs.
  func statistics() throws(KVMError) -> BinaryStatistics {
    try vcpu.statistics()
  }

  func start() throws(VMMError) {
    guard control.add(self) else { return }
    // A kick waits for the lock, so it finds the thread. One that came first has set
    // `immediate_exit`, which the first KVM_RUN sees.
    try thread.withLock { thread throws(VMMError) in
      thread = try Thread(name: "vcpu\(vcpu.id)") { [self] in run() }
    }
  }

  /// Makes the vCPU leave `KVM_RUN`, or not enter it. Safe in any thread.
  ///
  /// The flag alone does not stop a guest that never exits; the signal alone is lost when it comes
  /// just before the entry. Together they cannot miss (KVM API section 5, `immediate_exit`).
  func kick() {
    vcpu.immediateExit = true
    thread.withLock { $0?.signal(KickSignal.number) }
  }

  /// Waits until the thread has ended.
  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
  }

  private func run() {
    KickSignal.unblock()
    let start = monotonicNanoseconds()
    defer { times.set { HostTimes.ofThisThread(since: start) } }
    do {
      while try handle(runLoop()) {}
      try completePendingIO()
    } catch {
      control.stop(.crash(report(.runFailed(error))))
    }
  }

  /// The exit loop, by way of the trace if there is one.
  private func runLoop() throws(KVMError) -> VCPUExit {
    guard let trace else { return try loop.run(vcpu) }
    return try loop.run(TracedSource(thread: self, trace: trace))
  }

  /// A vCPU whose exits are traced.
  private struct TracedSource: ExitSource {
    let thread: VCPUThread
    let trace: VCPUTrace

    func run() throws(KVMError) -> VCPUExit { try trace.run(thread.vcpu) }
  }

  /// Handles an exit that is not an access. False when the thread should end.
  private func handle(_ exit: VCPUExit) throws(KVMError) -> Bool {
    switch exit {
    case .interrupted:
      vcpu.immediateExit = false
      // A request is stored before its kick: clearing first and reading then misses none.
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      guard !control.isStopping else { return false }
      try answerHaltMonitor()
      return true
    case .interruptWindowOpen:
      return true
    case .dirtyRingFull:
      try dirtyLog?.relieve()
      return true
    case .halt:
      // Only a machine without an interrupt controller in the kernel gets here, and then nothing
      // can ever wake its one vCPU.
      control.stop(.halted(interruptsEnabled: vcpu.interruptFlag))
      return false
    case .shutdown:
      return crash(.tripleFault)
    case .internalError(let error):
      return crash(
        error.suberror == InternalError.emulationFailure
          ? .emulationFailure : .internalError(suberror: error.suberror),
        instruction: error.instructionBytes)
    case .failEntry(let hardwareReason, _):
      return crash(.failedEntry(hardwareReason: hardwareReason))
    default:
      return crash(.unknownExit(reason: "\(exit)"))
    }
  }

  /// An `in` or a load from a device takes effect only at the next entry. Enters until there is
  /// nothing left to complete, so that registers and memory are final (KVM API section 5).
  private func completePendingIO() throws(KVMError) {
    vcpu.immediateExit = true
    // Only a string instruction needs more than a few rounds, one for each batch. A guest chooses
    // its length, so there is a limit; between batches the instruction can be restarted.
    for _ in 0..<1024 {
      if case .interrupted = try runLoop() { return }
    }
  }

  private func crash(_ cause: CrashReport.Cause, instruction: [UInt8] = []) -> Bool {
    control.stop(.crash(report(cause, instruction: instruction)))
    return false
  }

  private func report(_ cause: CrashReport.Cause, instruction: [UInt8] = []) -> CrashReport {
    let registers = try? vcpu.registers()
    let specialRegisters = try? vcpu.specialRegisters()
    return CrashReport(
      cpu: vcpu.id, cause: cause, registers: registers, specialRegisters: specialRegisters,
      instruction: instruction.isEmpty
        ? code(at: registers, specialRegisters) : instruction)
  }

  /// The bytes that the vCPU was about to execute, read through its own page tables.
  private func code(
    at registers: Registers?, _ special: SpecialRegisters?
  ) -> [UInt8] {
    guard let registers, let special else { return [] }
    let linear = special.cs.base &+ registers.rip
    guard let translation = try? vcpu.translate(linearAddress: linear), translation.valid != 0
    else { return [] }
    let physical = GuestAddress(translation.physical_address)
    // Not beyond the page: the next one may lie elsewhere.
    let count = min(CrashReport.longestInstruction, 4096 - Int(physical.rawValue % 4096))
    return memory.read(count, at: physical) ?? []
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
      case .halted: try vcpu.registers().rflags & CrashReport.interruptFlag == 0
      case .uninitialized, .initReceived: true
      default: false
      }
    haltReport.store(round << 1 | (dead ? 1 : 0), ordering: .releasing)
  }
}
