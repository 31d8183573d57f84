import KVM
import Synchronization

/// A vCPU that runs, on a thread of its own, from each start to the next stop.
final class StressVCPU: Kickable, @unchecked Sendable {
  private let vcpu: VCPU
  private let log: DirtyLog
  private let thread = Mutex<Thread?>(nil)

  init(_ vcpu: consuming VCPU, log: DirtyLog) {
    self.vcpu = vcpu
    self.log = log
  }

  /// Runs until `control` asks to stop. Call ``join()`` before the next start.
  func start(_ control: RunControl) throws(VMMError) {
    vcpu.immediateExit = false
    guard control.add(self) else { return }
    try thread.withLock { thread throws(VMMError) in
      thread = try Thread(name: "vcpu\(vcpu.id)") { [self] in run(control) }
    }
  }

  func kick() {
    vcpu.immediateExit = true
    thread.withLock { $0?.signal(KickSignal.number) }
  }

  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
    self.thread.withLock { $0 = nil }
  }

  private func run(_ control: RunControl) {
    KickSignal.unblock()
    do throws(KVMError) {
      while true {
        switch try vcpu.run() {
        case .interrupted:
          vcpu.immediateExit = false
          // A stop is requested before its kick: clearing first and reading then misses none.
          atomicMemoryFence(ordering: .sequentiallyConsistent)
          if control.isStopping { return }
        case .dirtyRingFull:
          try log.relieve()
        case .again:
          continue
        case let exit:
          control.stop(
            .failure(
              VMMError(
                .host, "verify: vCPU \(vcpu.id) ended with \(exit); try the other --cpl")))
          return
        }
      }
    } catch {
      control.stop(.failure(VMMError(error)))
    }
  }
}
