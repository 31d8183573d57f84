import CKVM
import Devices
import KVM
import Synchronization

/// One vCPU and the thread that runs it.
final class VCPUThread: Kickable, @unchecked Sendable {
  let vcpu: VCPU
  let loop: ExitLoop
  private let map: PhysicalMap
  private let resetsAtShutdown: Bool
  private let dirtyLog: DirtyLog?
  let interrupts: InterruptSystem
  let control: RunControl
  /// The state in which the vCPU was made, for a reset.
  private let initialState: SavedVCPU
  private let resets: ResetPolicy
  /// Resets so far. Touched while the thread is at rest, and by the thread.
  private(set) var resetCount = 0
  /// nil unless the guest has a BIOS to call.
  private let bios: BIOS?
  /// nil unless its exits or accesses are traced.
  private let trace: VCPUTrace?
  /// nil if what KVM cannot emulate ends the guest.
  private let assist: EmulationAssist?
  /// What a vCPU that has halted outside of the kernel waits for: every kick rings it.
  let alarm = Alarm()
  private let times = OnceBox<HostTimes>()
  private let thread = Mutex<Thread?>(nil)
  /// Which ``HaltMonitor`` round this vCPU has answered, and what it said.
  let haltReport = Atomic<UInt64>(0)
  private let stateAtEnd = Mutex<VCPUState?>(nil)

  init(
    vcpu: consuming VCPU, initialState: SavedVCPU, loop: ExitLoop, map: PhysicalMap,
    resetsAtShutdown: Bool, dirtyLog: DirtyLog?, interrupts: InterruptSystem,
    control: RunControl, resets: ResetPolicy, bios: BIOS? = nil, trace: VCPUTrace? = nil,
    assist: EmulationAssist? = nil
  ) {
    self.vcpu = vcpu
    self.initialState = initialState
    self.loop = loop
    self.map = map
    self.resetsAtShutdown = resetsAtShutdown
    self.dirtyLog = dirtyLog
    self.interrupts = interrupts
    self.control = control
    self.resets = resets
    self.bios = bios
    self.trace = trace
    self.assist = assist
  }

  /// What the thread has used of the host's processors; nil until it has ended.
  var hostTimes: HostTimes? { times.value }

  /// The kernel's statistics of this vCPU, readable while it runs.
  func statistics() throws(KVMError) -> BinaryStatistics {
    try vcpu.statistics()
  }

  func start() throws(VMMError) {
    guard control.add(self) else { return }
    do throws(VMMError) {
      // A kick waits for the lock, so it finds the thread, which looks for what came before it.
      try thread.withLock { thread throws(VMMError) in
        thread = try Thread(name: "vcpu\(vcpu.id)") { [self] in run() }
      }
    } catch {
      control.noteEnd()
      throw error
    }
  }

  /// Makes the vCPU leave `KVM_RUN`, or not enter it. Safe in any thread.
  ///
  /// The flag alone does not stop a guest that never exits; the signal alone is lost when it comes
  /// just before the entry. Together they cannot miss (KVM API section 5, `immediate_exit`).
  func kick() {
    vcpu.immediateExit = true
    thread.withLock { $0?.signal(KickSignal.number) }
    if !interrupts.arrangement.hasLocalAPICs { alarm.ring() }
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
      var goesOn = try obeyRequests()
      while goesOn { goesOn = try handle(runLoop()) }
      keepState()
    } catch {
      control.stop(.crash(report(.runFailed(error))))
    }
    control.noteEnd()
  }

  /// Puts the vCPU back to the state in which it was made. Only while its thread is at rest.
  func reset() throws(KVMError) {
    resetCount &+= 1
    vcpu.requestInterruptWindow = false
    try initialState.restore(to: vcpu)
  }

  /// The exit loop, by way of the trace if there is one.
  func runLoop() throws(KVMError) -> VCPUExit {
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
  func handle(_ exit: VCPUExit) throws(KVMError) -> Bool {
    switch exit {
    case .interrupted:
      guard try obeyRequests() else { return false }
      try deliverExternalInterrupt()
      return true
    case .portIO:
      // Of the call port: every other access has been served.
      let exception = try bios?.serve(vcpu) { () throws(KVMError) in try letInterruptIn() }
      guard let exception else { return true }
      return crash(.unhandledException(vector: exception))
    case .interruptWindowOpen:
      try deliverExternalInterrupt()
      return true
    case .ioapicEOI(let vector):
      interrupts.ioapic?.endOfInterrupt(vector: vector)
      return true
    case .dirtyRingFull:
      try dirtyLog?.relieve()
      return true
    case .halt:
      return try waitForExternalInterrupt()
    case .shutdown:
      // Whatever becomes of it stops this vCPU before its next entry.
      resets.tripleFault(report(.tripleFault))
      return true
    case .internalError(let error):
      guard error.suberror == InternalError.emulationFailure else {
        return crash(.internalError(suberror: error.suberror))
      }
      if let assist, try assist.step(vcpu) == .resumed { return true }
      return crash(.emulationFailure, instruction: error.instructionBytes)
    case .failEntry(let hardwareReason, _):
      return crash(.failedEntry(hardwareReason: hardwareReason))
    default:
      return crash(.unknownExit(reason: "\(exit)"))
    }
  }

  private func crash(_ cause: CrashReport.Cause, instruction: [UInt8] = []) -> Bool {
    control.stop(.crash(report(cause, instruction: instruction)))
    return false
  }

  private func report(_ cause: CrashReport.Cause, instruction: [UInt8] = []) -> CrashReport {
    CrashReport(
      cause: cause, state: state(instruction: instruction), cpu: vcpu.id,
      resetsAtShutdown: resetsAtShutdown, isAssisted: assist != nil)
  }

  private func state(instruction: [UInt8] = []) -> VCPUState? {
    VCPUState(vcpu, exits: loop.history.records, instruction: instruction, in: map)
  }

  /// Where the vCPU was when it stopped; nil while it runs, and after an end that needs no
  /// explanation.
  var lastState: VCPUState? { stateAtEnd.withLock { $0 } }

  /// Keeps where the vCPU was, for an end that somebody will want explained.
  private func keepState() {
    switch control.ending {
    case .timeout?, .crash?: stateAtEnd.withLock { $0 = state() }
    default: break
    }
  }
}
