import KVM

/// The hot path: exit, device, `KVM_RUN`.
package struct ExitLoop {
  private let ports: PortBus
  private let counters: ExitCounters
  /// nil where every write is an exit.
  private let coalesced: CoalescedWrites?

  package init(ports: PortBus, counters: ExitCounters) {
    self.init(ports: ports, counters: counters, coalesced: nil)
  }

  init(ports: PortBus, counters: ExitCounters, coalesced: CoalescedWrites?) {
    self.ports = ports
    self.counters = counters
    self.coalesced = coalesced
  }

  /// Runs `source` and serves its port and memory accesses, until it exits for another reason.
  ///
  /// No allocation, no reference counting, and no lock but the device's own.
  func run(_ source: borrowing some ExitSource & ~Copyable) throws(KVMError) -> VCPUExit {
    while true {
      let exit = try source.run()
      // Each case begins by draining: what KVM has collected is older than any exit. Once before the
      // switch would be shorter, but then the exit lies in memory across a call, which costs 30 ns.
      switch exit {
      case .portIO(let access):
        coalesced?.drain()
        counters.countPort(access.port)
        ports.serve(access)
      case .mmio(let access):
        coalesced?.drain()
        counters.count(.mmio)
        serveUnclaimed(access)
      case .again:
        // A vCPU that waits for INIT or SIPI returns EAGAIN when one has arrived.
        coalesced?.drain()
        counters.count(.again)
      default:
        coalesced?.drain()
        counters.count(ExitReason(exit))
        return exit
      }
    }
  }

  /// No device of this machine lies in memory.
  private func serveUnclaimed(_ access: MMIO) {
    ports.unclaimed.countMemory(isWrite: access.isWrite)
    guard !access.isWrite else { return }
    unsafe access.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
  }
}
