import KVM

/// The hot path: exit, device, `KVM_RUN`.
package struct ExitLoop {
  private let ports: PortBus
  private let memory: MMIOBus
  let counters: ExitCounters
  /// nil where every write is an exit.
  private let coalesced: CoalescedWrites?
  /// What the vCPU did last. Each vCPU has a loop of its own for it.
  let history = ExitHistory()

  /// A loop without devices in memory.
  package init(ports: PortBus, counters: ExitCounters) {
    self.init(ports: ports, memory: MMIOBus(), counters: counters, coalesced: nil)
  }

  init(
    ports: PortBus, memory: MMIOBus, counters: ExitCounters, coalesced: CoalescedWrites?
  ) {
    self.ports = ports
    self.memory = memory
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
      // switch would be shorter, and so would returning `exit` from the first case, but then it lies in
      // memory across a call, which costs 10 to 30 ns.
      switch exit {
      case .portIO(let access):
        coalesced?.drain()
        counters.countPort(access.port)
        let isServed = ports.serve(access)
        history.record(access)
        if !isServed { return .portIO(access) }
      case .mmio(let access):
        coalesced?.drain()
        counters.count(.mmio)
        if !memory.serve(access) { serveUnclaimed(access) }
        history.record(access)
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

  private func serveUnclaimed(_ access: MMIO) {
    ports.unclaimed.countMemory(isWrite: access.isWrite)
    guard !access.isWrite else { return }
    unsafe access.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
  }
}
