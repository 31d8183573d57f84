import Glibc
import Synchronization
import Testing

@testable import KVM

@Suite("Stopping a guest that never exits", .needsKVM, .timeLimit(.minutes(5)))
struct KickTests {
  private final class Progress: Sendable {
    let running = Atomic<Bool>(false)
    let interrupted = Atomic<Bool>(false)
  }

  @Test(.needs(.immediateExit))
  func `immediate exit ends a run before the guest executes anything`() throws {
    let guest = try Guest(.real, code: [0xF4])  // hlt
    guest.vcpu.immediateExit = true
    let isSet = guest.vcpu.immediateExit
    #expect(isSet)
    let exit = try guest.vcpu.run()
    guard case .interrupted = exit else { throw Unexpected(exit) }
    #expect(try guest.vcpu.registers().rip == Guest.codeAddress)
    guest.vcpu.immediateExit = false
    let end = try guest.vcpu.run()
    guard case .halt = end else { throw Unexpected(end) }
  }

  @Test(.needs(.immediateExit))
  func `another thread stops a spinning guest, every time`() throws {
    let guest = try Guest(
      .real,
      code: [
        0xE6, 0x10,  // out 0x10, al
        0xEB, 0xFE,  // jmp .
      ])
    for _ in 0..<20 {
      let progress = Progress()
      try guest.enter()
      let thread = TestThread {
        guard case .portIO? = try? guest.vcpu.run() else { return }
        progress.running.store(true, ordering: .sequentiallyConsistent)
        if case .interrupted? = try? guest.vcpu.run() {
          progress.interrupted.store(true, ordering: .sequentiallyConsistent)
        }
      }
      while !progress.running.load(ordering: .sequentiallyConsistent) { sched_yield() }
      // Whether the signal comes before KVM_RUN or in it, the run ends.
      guest.vcpu.immediateExit = true
      thread.kick()
      thread.join()
      let interrupted = progress.interrupted.load(ordering: .sequentiallyConsistent)
      #expect(interrupted)
      guest.vcpu.immediateExit = false
    }
  }

  @Test func `the signal mask holds during a run only`() throws {
    let guest = try Guest(.real, code: [0xF4])  // hlt
    signal(SIGUSR1) { _ in }
    let outcome = Mutex<[String]>([])
    // On a thread of its own, because signal masks belong to threads.
    let thread = TestThread {
      var blocked = sigset_t()
      unsafe sigemptyset(&blocked)
      unsafe sigaddset(&blocked, SIGUSR1)
      unsafe pthread_sigmask(SIG_BLOCK, &blocked, nil)
      pthread_kill(pthread_self(), SIGUSR1)
      outcome.withLock { outcome in
        do {
          // All but SIGUSR1 blocked during the run: the pending signal ends it.
          try guest.vcpu.setSignalMask(~(1 << UInt64(SIGUSR1 - 1)))
          outcome.append("\(try guest.vcpu.run())")
          try guest.vcpu.setSignalMask(nil)
          outcome.append("\(try guest.vcpu.run())")
        } catch {
          outcome.append("\(error)")
        }
      }
    }
    thread.join()
    #expect(outcome.withLock { $0 } == ["interrupted", "halt"])
  }
}
