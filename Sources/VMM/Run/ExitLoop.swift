import KVM

/// The hot path: exit, device, `KVM_RUN`.
struct ExitLoop {
  let ports: PortBus

  /// Runs `source` and serves its port and memory accesses, until it exits for another reason.
  ///
  /// No allocation, and no lock but the device's own.
  func run(_ source: borrowing some ExitSource & ~Copyable) throws(KVMError) -> VCPUExit {
    while true {
      let exit = try source.run()
      switch exit {
      case .portIO(let access):
        ports.serve(access)
      case .mmio(let access):
        Self.serveUnclaimed(access)
      case .again:
        // A vCPU that waits for INIT or SIPI returns EAGAIN when one has arrived.
        continue
      default:
        return exit
      }
    }
  }

  /// Nothing answers at addresses without memory: reads give all ones, writes are dropped.
  private static func serveUnclaimed(_ access: MMIO) {
    guard !access.isWrite else { return }
    unsafe access.data.initializeMemory(as: UInt8.self, repeating: 0xFF, count: access.length)
  }
}
