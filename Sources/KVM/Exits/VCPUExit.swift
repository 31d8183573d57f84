public import CKVM

/// Why ``VCPU/run()`` returned.
///
/// The values are trivial: decoding neither allocates nor counts references. What a guest does
/// wrong is a case here, never an error. See KVM API section 5.
public enum VCPUExit: Sendable {
  /// A signal, or ``VCPU/immediateExit``, ended the run. Call again. (`EINTR`)
  case interrupted
  /// The vCPU is not runnable yet: it waits for INIT or SIPI. Call again. (`EAGAIN`)
  case again
  /// The processor stopped for a reason that KVM does not know. `KVM_EXIT_UNKNOWN`
  case unknown(hardwareReason: UInt64)
  /// The guest's exception could not be handled in the kernel. `KVM_EXIT_EXCEPTION`
  case exception(vector: UInt32, errorCode: UInt32)
  /// IN, OUT, INS or OUTS. `KVM_EXIT_IO`
  case portIO(PortIO)
  /// A hypercall that was made an exit. `KVM_EXIT_HYPERCALL`
  case hypercall(Hypercall)
  /// A breakpoint, watchpoint or single step of ``VCPU/setGuestDebug(_:)``. `KVM_EXIT_DEBUG`
  case debug(DebugExit)
  /// HLT, without in-kernel local APICs. `KVM_EXIT_HLT`
  case halt
  /// An access to an address without memory, or a write to read-only memory. `KVM_EXIT_MMIO`
  case mmio(MMIO)
  /// The guest can take an interrupt now. `KVM_EXIT_IRQ_WINDOW_OPEN`
  case interruptWindowOpen
  /// A triple fault, or a shutdown asked for otherwise. `KVM_EXIT_SHUTDOWN`
  case shutdown
  /// The processor refused to enter the guest. `KVM_EXIT_FAIL_ENTRY`
  case failEntry(hardwareReason: UInt64, cpu: UInt32)
  /// The guest changed CR8, without in-kernel local APICs. `KVM_EXIT_SET_TPR`
  case setTPR
  /// The guest accessed the task priority register. `KVM_EXIT_TPR_ACCESS`
  case tprAccess(rip: UInt64, isWrite: Bool)
  /// A non-maskable interrupt. `KVM_EXIT_NMI`
  case nmi
  /// KVM could not go on: most often an instruction it cannot emulate. `KVM_EXIT_INTERNAL_ERROR`
  case internalError(InternalError)
  /// A shutdown, reset or crash reported through firmware. `KVM_EXIT_SYSTEM_EVENT`
  case systemEvent(type: UInt32)
  /// The end of a level-triggered interrupt, with a split irqchip. `KVM_EXIT_IOAPIC_EOI`
  case ioapicEOI(vector: UInt8)
  /// RDMSR of a register left to user space. `KVM_EXIT_X86_RDMSR`
  case readMSR(MSRAccess)
  /// WRMSR of a register left to user space. `KVM_EXIT_X86_WRMSR`
  case writeMSR(MSRAccess)
  /// The dirty ring must be harvested and reset. `KVM_EXIT_DIRTY_RING_FULL`
  case dirtyRingFull
  /// The guest locked the bus. `KVM_EXIT_X86_BUS_LOCK`
  case busLock
  /// The guest opened no event window for long. `KVM_EXIT_NOTIFY`
  case notify(contextInvalid: Bool)
  /// A guest access failed on the host. `KVM_EXIT_MEMORY_FAULT`
  case memoryFault(flags: UInt64, guestAddress: UInt64, size: UInt64)
  /// An exit that this module does not decode: `kvm_run.exit_reason`.
  case other(reason: UInt32)
}

extension VCPUExit {
  /// Decodes the run page after a `KVM_RUN` that returned 0.
  ///
  /// The frequent exits are decoded in the caller's loop, the others out of line.
  @inlinable
  @unsafe
  package init(decoding run: UnsafeMutablePointer<kvm_run>) {
    switch Int32(truncatingIfNeeded: unsafe run.pointee.exit_reason) {
    case KVM_EXIT_IO: self = unsafe .portIO(PortIO(decoding: run))
    case KVM_EXIT_MMIO: self = unsafe .mmio(MMIO(decoding: run))
    case KVM_EXIT_HLT: self = .halt
    default: self = unsafe Self.decodeRare(run)
    }
  }

  @usableFromInline
  @unsafe
  static func decodeRare(_ run: UnsafeMutablePointer<kvm_run>) -> VCPUExit {
    switch Int32(truncatingIfNeeded: unsafe run.pointee.exit_reason) {
    case KVM_EXIT_UNKNOWN:
      return .unknown(hardwareReason: unsafe run.pointee.hw.hardware_exit_reason)
    case KVM_EXIT_EXCEPTION:
      return .exception(
        vector: unsafe run.pointee.ex.exception, errorCode: unsafe run.pointee.ex.error_code)
    case KVM_EXIT_HYPERCALL: return unsafe .hypercall(Hypercall(decoding: run))
    case KVM_EXIT_DEBUG: return .debug(DebugExit(unsafe run.pointee.debug.arch))
    case KVM_EXIT_IRQ_WINDOW_OPEN: return .interruptWindowOpen
    case KVM_EXIT_SHUTDOWN: return .shutdown
    case KVM_EXIT_FAIL_ENTRY:
      return .failEntry(
        hardwareReason: unsafe run.pointee.fail_entry.hardware_entry_failure_reason,
        cpu: unsafe run.pointee.fail_entry.cpu)
    case KVM_EXIT_INTR: return .interrupted
    case KVM_EXIT_SET_TPR: return .setTPR
    case KVM_EXIT_TPR_ACCESS:
      return .tprAccess(
        rip: unsafe run.pointee.tpr_access.rip, isWrite: unsafe run.pointee.tpr_access.is_write != 0
      )
    case KVM_EXIT_NMI: return .nmi
    case KVM_EXIT_INTERNAL_ERROR: return unsafe .internalError(InternalError(decoding: run))
    case KVM_EXIT_SYSTEM_EVENT: return .systemEvent(type: unsafe run.pointee.system_event.type)
    case KVM_EXIT_IOAPIC_EOI: return .ioapicEOI(vector: unsafe run.pointee.eoi.vector)
    case KVM_EXIT_X86_RDMSR: return unsafe .readMSR(MSRAccess(decoding: run))
    case KVM_EXIT_X86_WRMSR: return unsafe .writeMSR(MSRAccess(decoding: run))
    case KVM_EXIT_DIRTY_RING_FULL: return .dirtyRingFull
    case KVM_EXIT_X86_BUS_LOCK: return .busLock
    case KVM_EXIT_NOTIFY:
      return .notify(
        contextInvalid: unsafe run.pointee.notify.flags & UInt32(KVM_NOTIFY_CONTEXT_INVALID) != 0)
    case KVM_EXIT_MEMORY_FAULT:
      let fault = unsafe ckvm_memory_fault(run)
      return .memoryFault(flags: fault.flags, guestAddress: fault.gpa, size: fault.size)
    default: return .other(reason: unsafe run.pointee.exit_reason)
    }
  }
}
