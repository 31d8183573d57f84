import CKVM
import KVM
import Synchronization

/// One vCPU and the thread that runs it.
final class VCPUThread: Kickable, @unchecked Sendable {
  let vcpu: VCPU
  let loop: ExitLoop
  private let memory: GuestMemory
  private let dirtyLog: DirtyLog?
  let control: RunControl
  /// The state in which the vCPU was made, for a reset.
  private let initialState: VCPUState
  private let resets: ResetPolicy
  private let thread = Mutex<Thread?>(nil)
  /// Which ``HaltMonitor`` round this vCPU has answered, and what it said.
  let haltReport = Atomic<UInt64>(0)

  init(
    vcpu: consuming VCPU, initialState: VCPUState, loop: ExitLoop, memory: GuestMemory,
    dirtyLog: DirtyLog?, control: RunControl, resets: ResetPolicy
  ) {
    self.vcpu = vcpu
    self.initialState = initialState
    self.loop = loop
    self.memory = memory
    self.dirtyLog = dirtyLog
    self.control = control
    self.resets = resets
  }

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
      control.noteRest()
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
  }

  /// Waits until the thread has ended.
  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
  }

  private func run() {
    KickSignal.unblock()
    do {
      var goesOn = try obeyRequests()
      while goesOn { goesOn = try handle(loop.run(vcpu)) }
    } catch {
      control.stop(.crash(report(.runFailed(error))))
    }
    control.noteRest()
  }

  /// Puts the vCPU back to the state in which it was made. Only while its thread is at rest.
  func reset() throws(KVMError) {
    try initialState.restore(to: vcpu)
  }

  /// Handles an exit that is not an access. False when the thread should end.
  func handle(_ exit: VCPUExit) throws(KVMError) -> Bool {
    switch exit {
    case .interrupted:
      return try obeyRequests()
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
      // Whatever becomes of it stops this vCPU before its next entry.
      resets.tripleFault(report(.tripleFault))
      return true
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
