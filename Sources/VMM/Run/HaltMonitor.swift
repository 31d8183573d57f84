import KVM

/// Notices that no vCPU can ever run again.
///
/// With an interrupt controller in the kernel `hlt` does not exit: the vCPU sleeps inside
/// `KVM_RUN`, and `cli; hlt` on every vCPU would sleep for ever. The monitor looks at the kernel's
/// own statistics, which need no lock of the vCPU: only when every vCPU sleeps, and has entered the
/// guest no more since the last look, are they interrupted once and asked for their state.
final class HaltMonitor: Sendable {
  private let thread: Thread

  /// Time between two looks, in milliseconds: long enough to cost nothing, short enough that
  /// nobody waits for the end.
  private static let interval: Int32 = 20

  init(vcpus: [VCPUThread], control: RunControl) throws(VMMError) {
    let watches = vcpus.map(SleepWatch.init)
    thread = try Thread(name: "halt") {
      Self.watch(watches, vcpus, control)
    }
  }

  func join() {
    thread.join()
  }

  private static func watch(
    _ watches: [SleepWatch], _ vcpus: [VCPUThread], _ control: RunControl
  ) {
    var lastLook: [UInt64]?
    var lastAsked: [UInt64]?
    while !wait(for: 0, on: nil, or: control.stopEvent, timeout: interval).woken {
      let look = exitsOfSleepers(watches)
      defer { lastLook = look }
      // A sleeper that was asked and still sleeps would only give the same answer. A rest wakes it,
      // which it counts as an exit.
      guard let look, look == lastLook, look != lastAsked else { continue }
      guard let round = control.beginHaltRound() else { continue }
      lastAsked = look
      switch allDead(vcpus, round, control) {
      case true?:
        // One that was reset since then is alive again.
        control.stop(.halted(interruptsEnabled: false), unlessRestedSince: round.restNumber)
      case false?: break
      case nil: lastAsked = nil
      }
    }
  }

  /// How often each vCPU has left the guest so far; nil unless all of them sleep.
  private static func exitsOfSleepers(_ watches: [SleepWatch]) -> [UInt64]? {
    var exits: [UInt64] = []
    for watch in watches {
      guard let count = watch.exitsIfAsleep() else { return nil }
      exits.append(count)
    }
    return exits
  }

  /// Waits for what every vCPU answers in `round`; nil when the machine stops, or comes to rest, before
  /// all have.
  private static func allDead(
    _ vcpus: [VCPUThread], _ round: (round: UInt64, restNumber: UInt64), _ control: RunControl
  ) -> Bool? {
    while !vcpus.allSatisfy({ $0.hasAnswered(round: round.round) }) {
      if wait(for: 0, on: nil, or: control.stopEvent, timeout: 1).woken { return nil }
      if control.restNumber != round.restNumber { return nil }
    }
    return vcpus.allSatisfy { $0.isDead(inRound: round.round) }
  }
}

/// The kernel's statistics of one vCPU, or the lack of them.
private final class SleepWatch: Sendable {
  private let statistics: BinaryStatistics?

  init(vcpu: VCPUThread) {
    statistics = try? vcpu.statistics()
  }

  /// How often the vCPU has left the guest; nil when it is awake. Without statistics (before Linux
  /// 5.14) every vCPU counts as asleep, and is asked once.
  func exitsIfAsleep() -> UInt64? {
    do {
      guard let blocking = try statistics?.value(named: "blocking") else { return 0 }
      return try blocking == 0 ? nil : statistics?.value(named: "exits") ?? 0
    } catch {
      return 0
    }
  }
}
