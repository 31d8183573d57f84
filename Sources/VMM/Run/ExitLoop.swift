import KVM

/// The hot path: exit, device, `KVM_RUN`.
package struct ExitLoop {
  private let ports: PortBus
  private let memory: MMIOBus
  /// What the vCPU did last. Each vCPU has a loop of its own for it.
  let history = ExitHistory()

  init(ports: PortBus, memory: MMIOBus) {
    self.ports = ports
    self.memory = memory
  }

  /// A loop without devices in memory.
  package init(ports: PortBus) {
    self.init(ports: ports, memory: MMIOBus())
  }

  /// Runs `source` and serves its port and memory accesses, until it exits for another reason.
  ///
  /// No allocation, no reference counting, and no lock but the device's own.
  func run(_ source: borrowing some ExitSource & ~Copyable) throws(KVMError) -> VCPUExit {
    while true {
      let exit = try source.run()
      switch exit {
      case .portIO(let access):
        ports.serve(access)
        history.record(access)
      case .mmio(let access):
        if !memory.serve(access) { serveUnclaimed(access) }
        history.record(access)
      case .again:
        // A vCPU that waits for INIT or SIPI returns EAGAIN when one has arrived.
        continue
      default:
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
