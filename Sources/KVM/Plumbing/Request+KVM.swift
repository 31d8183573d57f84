import CKVM

// The requests in use, by the object whose descriptor takes them.

/// Requests of /dev/kvm.
extension Request {
  static var getAPIVersion: Request { Request(CKVM_GET_API_VERSION, "KVM_GET_API_VERSION") }
  static var createVM: Request { Request(CKVM_CREATE_VM, "KVM_CREATE_VM") }
  static var getMSRIndexList: Request { Request(CKVM_GET_MSR_INDEX_LIST, "KVM_GET_MSR_INDEX_LIST") }
  static var getMSRFeatureIndexList: Request {
    Request(CKVM_GET_MSR_FEATURE_INDEX_LIST, "KVM_GET_MSR_FEATURE_INDEX_LIST")
  }
  static var checkExtension: Request { Request(CKVM_CHECK_EXTENSION, "KVM_CHECK_EXTENSION") }
  static var getVCPUMmapSize: Request { Request(CKVM_GET_VCPU_MMAP_SIZE, "KVM_GET_VCPU_MMAP_SIZE") }
  static var getSupportedCPUID: Request {
    Request(CKVM_GET_SUPPORTED_CPUID, "KVM_GET_SUPPORTED_CPUID")
  }
  static var getEmulatedCPUID: Request {
    Request(CKVM_GET_EMULATED_CPUID, "KVM_GET_EMULATED_CPUID")
  }
}

/// Requests of a virtual machine.
extension Request {
  static var createVCPU: Request { Request(CKVM_CREATE_VCPU, "KVM_CREATE_VCPU") }
  static var getDirtyLog: Request { Request(CKVM_GET_DIRTY_LOG, "KVM_GET_DIRTY_LOG") }
  static var clearDirtyLog: Request { Request(CKVM_CLEAR_DIRTY_LOG, "KVM_CLEAR_DIRTY_LOG") }
  static var resetDirtyRings: Request { Request(CKVM_RESET_DIRTY_RINGS, "KVM_RESET_DIRTY_RINGS") }
  static var setUserMemoryRegion: Request {
    Request(CKVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION")
  }
  static var setTSSAddress: Request { Request(CKVM_SET_TSS_ADDR, "KVM_SET_TSS_ADDR") }
  static var setIdentityMapAddress: Request {
    Request(CKVM_SET_IDENTITY_MAP_ADDR, "KVM_SET_IDENTITY_MAP_ADDR")
  }
  static var setBootCPUID: Request { Request(CKVM_SET_BOOT_CPU_ID, "KVM_SET_BOOT_CPU_ID") }
  static var createIRQChip: Request { Request(CKVM_CREATE_IRQCHIP, "KVM_CREATE_IRQCHIP") }
  static var getIRQChip: Request { Request(CKVM_GET_IRQCHIP, "KVM_GET_IRQCHIP") }
  static var setIRQChip: Request { Request(CKVM_SET_IRQCHIP, "KVM_SET_IRQCHIP") }
  static var createPIT2: Request { Request(CKVM_CREATE_PIT2, "KVM_CREATE_PIT2") }
  static var getPIT2: Request { Request(CKVM_GET_PIT2, "KVM_GET_PIT2") }
  static var setPIT2: Request { Request(CKVM_SET_PIT2, "KVM_SET_PIT2") }
  static var reinjectControl: Request { Request(CKVM_REINJECT_CONTROL, "KVM_REINJECT_CONTROL") }
  static var irqLine: Request { Request(CKVM_IRQ_LINE, "KVM_IRQ_LINE") }
  static var irqLineStatus: Request { Request(CKVM_IRQ_LINE_STATUS, "KVM_IRQ_LINE_STATUS") }
  static var signalMSI: Request { Request(CKVM_SIGNAL_MSI, "KVM_SIGNAL_MSI") }
  static var setGSIRouting: Request { Request(CKVM_SET_GSI_ROUTING, "KVM_SET_GSI_ROUTING") }
  static var irqfd: Request { Request(CKVM_IRQFD, "KVM_IRQFD") }
  static var ioeventfd: Request { Request(CKVM_IOEVENTFD, "KVM_IOEVENTFD") }
  static var registerCoalescedMMIO: Request {
    Request(CKVM_REGISTER_COALESCED_MMIO, "KVM_REGISTER_COALESCED_MMIO")
  }
  static var unregisterCoalescedMMIO: Request {
    Request(CKVM_UNREGISTER_COALESCED_MMIO, "KVM_UNREGISTER_COALESCED_MMIO")
  }
  static var getClock: Request { Request(CKVM_GET_CLOCK, "KVM_GET_CLOCK") }
  static var setClock: Request { Request(CKVM_SET_CLOCK, "KVM_SET_CLOCK") }
  static var setMSRFilter: Request { Request(CKVM_X86_SET_MSR_FILTER, "KVM_X86_SET_MSR_FILTER") }
  static var enableCapability: Request { Request(CKVM_ENABLE_CAP, "KVM_ENABLE_CAP") }
  static var getStatisticsFD: Request { Request(CKVM_GET_STATS_FD, "KVM_GET_STATS_FD") }
}

/// Requests of a vCPU.
extension Request {
  static var run: Request { Request(CKVM_RUN, "KVM_RUN") }
  static var getRegisters: Request { Request(CKVM_GET_REGS, "KVM_GET_REGS") }
  static var setRegisters: Request { Request(CKVM_SET_REGS, "KVM_SET_REGS") }
  static var getSpecialRegisters: Request { Request(CKVM_GET_SREGS, "KVM_GET_SREGS") }
  static var setSpecialRegisters: Request { Request(CKVM_SET_SREGS, "KVM_SET_SREGS") }
  static var translate: Request { Request(CKVM_TRANSLATE, "KVM_TRANSLATE") }
  static var interrupt: Request { Request(CKVM_INTERRUPT, "KVM_INTERRUPT") }
  static var nmi: Request { Request(CKVM_NMI, "KVM_NMI") }
  static var getMSRs: Request { Request(CKVM_GET_MSRS, "KVM_GET_MSRS") }
  static var setMSRs: Request { Request(CKVM_SET_MSRS, "KVM_SET_MSRS") }
  static var setCPUID2: Request { Request(CKVM_SET_CPUID2, "KVM_SET_CPUID2") }
  static var getCPUID2: Request { Request(CKVM_GET_CPUID2, "KVM_GET_CPUID2") }
  static var setSignalMask: Request { Request(CKVM_SET_SIGNAL_MASK, "KVM_SET_SIGNAL_MASK") }
  static var getFPU: Request { Request(CKVM_GET_FPU, "KVM_GET_FPU") }
  static var setFPU: Request { Request(CKVM_SET_FPU, "KVM_SET_FPU") }
  static var getXSAVE: Request { Request(CKVM_GET_XSAVE, "KVM_GET_XSAVE") }
  static var getXSAVE2: Request { Request(CKVM_GET_XSAVE2, "KVM_GET_XSAVE2") }
  static var setXSAVE: Request { Request(CKVM_SET_XSAVE, "KVM_SET_XSAVE") }
  static var getXCRs: Request { Request(CKVM_GET_XCRS, "KVM_GET_XCRS") }
  static var setXCRs: Request { Request(CKVM_SET_XCRS, "KVM_SET_XCRS") }
  static var getDebugRegisters: Request { Request(CKVM_GET_DEBUGREGS, "KVM_GET_DEBUGREGS") }
  static var setDebugRegisters: Request { Request(CKVM_SET_DEBUGREGS, "KVM_SET_DEBUGREGS") }
  static var getVCPUEvents: Request { Request(CKVM_GET_VCPU_EVENTS, "KVM_GET_VCPU_EVENTS") }
  static var setVCPUEvents: Request { Request(CKVM_SET_VCPU_EVENTS, "KVM_SET_VCPU_EVENTS") }
  static var getMPState: Request { Request(CKVM_GET_MP_STATE, "KVM_GET_MP_STATE") }
  static var setMPState: Request { Request(CKVM_SET_MP_STATE, "KVM_SET_MP_STATE") }
  static var getLocalAPIC: Request { Request(CKVM_GET_LAPIC, "KVM_GET_LAPIC") }
  static var setLocalAPIC: Request { Request(CKVM_SET_LAPIC, "KVM_SET_LAPIC") }
  static var setGuestDebug: Request { Request(CKVM_SET_GUEST_DEBUG, "KVM_SET_GUEST_DEBUG") }
  static var getTSCKHz: Request { Request(CKVM_GET_TSC_KHZ, "KVM_GET_TSC_KHZ") }
  static var setTSCKHz: Request { Request(CKVM_SET_TSC_KHZ, "KVM_SET_TSC_KHZ") }
}
