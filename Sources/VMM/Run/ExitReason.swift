import KVM

/// Why `KVM_RUN` returned, without what belongs to the exit: for counts and traces.
///
/// The names are those of the KVM API, lower case and without `KVM_EXIT_`.
enum ExitReason: UInt8, CaseIterable {
  case interrupted
  case again
  case unknown
  case exception
  case io
  case hypercall
  case debug
  case hlt
  case mmio
  case irqWindowOpen
  case shutdown
  case failEntry
  case setTPR
  case tprAccess
  case nmi
  case internalError
  case systemEvent
  case ioapicEOI
  case rdmsr
  case wrmsr
  case dirtyRingFull
  case busLock
  case notify
  case memoryFault
  case other

  init(_ exit: VCPUExit) {
    self =
      switch exit {
      case .interrupted: .interrupted
      case .again: .again
      case .unknown: .unknown
      case .exception: .exception
      case .portIO: .io
      case .hypercall: .hypercall
      case .debug: .debug
      case .halt: .hlt
      case .mmio: .mmio
      case .interruptWindowOpen: .irqWindowOpen
      case .shutdown: .shutdown
      case .failEntry: .failEntry
      case .setTPR: .setTPR
      case .tprAccess: .tprAccess
      case .nmi: .nmi
      case .internalError: .internalError
      case .systemEvent: .systemEvent
      case .ioapicEOI: .ioapicEOI
      case .readMSR: .rdmsr
      case .writeMSR: .wrmsr
      case .dirtyRingFull: .dirtyRingFull
      case .busLock: .busLock
      case .notify: .notify
      case .memoryFault: .memoryFault
      case .other: .other
      }
  }

  var name: String {
    switch self {
    case .interrupted: "intr"
    case .irqWindowOpen: "irq_window_open"
    case .failEntry: "fail_entry"
    case .setTPR: "set_tpr"
    case .tprAccess: "tpr_access"
    case .internalError: "internal_error"
    case .systemEvent: "system_event"
    case .ioapicEOI: "ioapic_eoi"
    case .rdmsr: "x86_rdmsr"
    case .wrmsr: "x86_wrmsr"
    case .dirtyRingFull: "dirty_ring_full"
    case .busLock: "x86_bus_lock"
    case .memoryFault: "memory_fault"
    default: "\(self)"
    }
  }
}
