import KVM

/// Traces one vCPU's exits and accesses, on that vCPU's thread: the exit loop runs through it instead
/// of the vCPU itself, so that a loop without a trace has nothing to ask.
///
/// Only that thread uses it, after its start; hence unchecked.
final class VCPUTrace: @unchecked Sendable {
  private let tracer: Tracer
  private let cpu: UInt32
  private let coalesced: CoalescedWrites?
  /// An exit whose access has its value once it has been served: when the vCPU is entered again.
  private var unanswered: VCPUExit?
  private var rip: UInt64?

  init(cpu: UInt32, tracer: Tracer, coalesced: CoalescedWrites?) {
    self.cpu = cpu
    self.tracer = tracer
    self.coalesced = coalesced
  }

  /// Runs `vcpu`, and records the answer to its last exit and the next exit.
  func run(_ vcpu: borrowing VCPU) throws(KVMError) -> VCPUExit {
    if let exit = unanswered {
      unanswered = nil
      recordAccess(exit)
    }
    let exit = try vcpu.run()
    // What KVM has collected is older than the exit, in the trace, too.
    coalesced?.drain()
    rip = vcpu.mirroredInstructionPointer
    if tracer.categories.contains(.exits) { record(.exit(ExitReason(exit))) }
    switch exit {
    case .portIO(let access) where access.direction == .in: unanswered = exit
    case .mmio(let access) where !access.isWrite: unanswered = exit
    default: recordAccess(exit)
    }
    return exit
  }

  /// The data of an exit is in the run page until the vCPU is entered.
  private func recordAccess(_ exit: VCPUExit) {
    switch exit {
    case .portIO(let access) where tracer.categories.contains(.io):
      for index in 0..<access.count {
        record(
          .portIO(
            port: access.port, size: access.size,
            value: UInt32(truncatingIfNeeded: access.value(at: index)),
            isWrite: access.direction == .out, isCoalesced: false))
      }
    case .mmio(let access) where tracer.categories.contains(.mmio):
      record(
        .mmio(
          address: access.address, size: access.length, value: access.value,
          isWrite: access.isWrite))
    default: break
    }
  }

  private func record(_ kind: TraceEvent.Kind) {
    tracer.record(
      TraceEvent(time: monotonicNanoseconds(), cpu: cpu, rip: rip, kind: kind), mayWait: true)
  }
}

extension PortIO {
  /// The element `index`, little endian.
  fileprivate func value(at index: Int) -> UInt64 {
    unsafe bytes[(index * size)...].prefix(size).littleEndian
  }
}

extension MMIO {
  /// The bytes as a number, little endian.
  fileprivate var value: UInt64 { unsafe bytes.littleEndian }
}
