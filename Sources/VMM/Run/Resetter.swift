import Devices
import Glibc
import KVM
import Synchronization

/// Performs a machine's resets.
///
/// KVM can make a vCPU or an interrupt controller but not reset one. So their state is saved when they
/// are made, and a reset is its restoration.
final class Resetter: Sendable {
  /// All that a reset puts back.
  struct Parts: Sendable {
    let board: SharedMachine
    let interruptControllers: InterruptControllerState?
    let vcpus: [VCPUThread]
    let memory: GuestMemory
    let initialMemory: InitialMemory
    let flusher: Flusher?
    let devices: [any Resettable]
  }

  private let parts: Parts
  private let control: RunControl
  private let history = Mutex(RebootHistory(start: 0))
  private let thread = Mutex<Thread?>(nil)

  init(_ parts: Parts, control: RunControl) {
    self.parts = parts
    self.control = control
  }

  /// Resets so far.
  var count: UInt64 { history.withLock { $0.count } }

  /// Resets the machine, unless it is stopping. A machine that was paused stays paused.
  func reset() throws(VMMError) {
    try control.withRest { () throws(VMMError) in
      guard control.ending == nil else { return }
      try perform()
    }
  }

  private func perform() throws(VMMError) {
    for device in parts.devices { device.reset() }
    parts.flusher?.reset()
    parts.memory.clear()
    try parts.initialMemory.write(to: parts.memory)
    try onHost { () throws(KVMError) in
      try parts.interruptControllers?.restore(to: parts.board.vm)
      for vcpu in parts.vcpus { try vcpu.reset() }
    }
    history.withLock { $0.noteReset(at: monotonicNanoseconds()) }
  }
}

// MARK: - The guest's resets

extension Resetter {
  /// The guest starts. From now on its requests are obeyed, if the machine is to reboot at all.
  ///
  /// - Parameter onReboot: Called before each such reset, in a thread of its own.
  func start(
    _ action: ResetAction, onReboot: @escaping @Sendable (Reboot) -> Void
  ) throws(VMMError) {
    history.withLock { $0.noteStart(at: monotonicNanoseconds()) }
    guard action == .reboot else { return }
    try thread.withLock { thread throws(VMMError) in
      thread = try Thread(name: "reset") { [self] in
        while wait(for: POLLIN, on: control.resetEvent.descriptor, or: control.stopEvent).events
          != 0
          || !control.isStopping
        {
          control.withRequestedReset { perform($0, onReboot) }
        }
      }
    }
  }

  /// Waits until the thread has ended, which it does when the machine stops.
  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
  }

  private func perform(_ request: ResetRequest, _ onReboot: (Reboot) -> Void) {
    let (isUseful, number) = history.withLock { history in
      let isUseful = history.noteRequest(
        isTripleFault: request.crash != nil, at: monotonicNanoseconds())
      return (isUseful, history.count &+ 1)
    }
    if let crash = request.crash, !isUseful { return control.stop(.crash(crash)) }
    onReboot(Reboot(number: number, cause: request.cause, crash: request.crash))
    do {
      try perform()
    } catch {
      control.stop(.failure(error))
    }
  }
}
