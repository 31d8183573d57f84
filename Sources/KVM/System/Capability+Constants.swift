import CKVM

extension Capability {
  /// `KVM_CAP_IRQCHIP`: In-kernel PIC, IOAPIC and local APICs.
  public static let irqchip = Capability(rawValue: UInt32(KVM_CAP_IRQCHIP))
  /// `KVM_CAP_HLT`: `KVM_EXIT_HLT` exists.
  public static let halt = Capability(rawValue: UInt32(KVM_CAP_HLT))
  /// `KVM_CAP_USER_MEMORY`: Memory slots backed by the caller's own mapping.
  public static let userMemory = Capability(rawValue: UInt32(KVM_CAP_USER_MEMORY))
  /// `KVM_CAP_SET_TSS_ADDR`: ``VirtualMachine/setTSSAddress(_:)``.
  public static let setTSSAddress = Capability(rawValue: UInt32(KVM_CAP_SET_TSS_ADDR))
  /// `KVM_CAP_EXT_CPUID`: ``Hypervisor/supportedCPUID()`` and ``VCPU/setCPUID(_:)``.
  public static let extendedCPUID = Capability(rawValue: UInt32(KVM_CAP_EXT_CPUID))
  /// `KVM_CAP_CLOCKSOURCE`: The kvmclock paravirtual clock.
  public static let clockSource = Capability(rawValue: UInt32(KVM_CAP_CLOCKSOURCE))
  /// `KVM_CAP_NR_VCPUS`: Value: the recommended maximum of vCPUs.
  public static let recommendedVCPUs = Capability(rawValue: UInt32(KVM_CAP_NR_VCPUS))
  /// `KVM_CAP_NR_MEMSLOTS`: Value: how many memory slots a VM may have.
  public static let memorySlots = Capability(rawValue: UInt32(KVM_CAP_NR_MEMSLOTS))
  /// `KVM_CAP_PIT`: In-kernel i8254.
  public static let pit = Capability(rawValue: UInt32(KVM_CAP_PIT))
  /// `KVM_CAP_MP_STATE`: ``VCPU/mpState()``.
  public static let mpState = Capability(rawValue: UInt32(KVM_CAP_MP_STATE))
  /// `KVM_CAP_COALESCED_MMIO`:
  /// Coalesced MMIO; value: the page offset of the ring in the vCPU mapping.
  public static let coalescedMMIO = Capability(rawValue: UInt32(KVM_CAP_COALESCED_MMIO))
  /// `KVM_CAP_SYNC_MMU`:
  /// Changes of the caller's mappings (munmap, madvise) reach the guest at once.
  public static let syncMMU = Capability(rawValue: UInt32(KVM_CAP_SYNC_MMU))
  /// `KVM_CAP_USER_NMI`: ``VCPU/nmi()``.
  public static let userNMI = Capability(rawValue: UInt32(KVM_CAP_USER_NMI))
  /// `KVM_CAP_SET_GUEST_DEBUG`: ``VCPU/setGuestDebug(_:)``.
  public static let setGuestDebug = Capability(rawValue: UInt32(KVM_CAP_SET_GUEST_DEBUG))
  /// `KVM_CAP_REINJECT_CONTROL`: ``VirtualMachine/setPITReinjection(_:)``.
  public static let reinjectControl = Capability(rawValue: UInt32(KVM_CAP_REINJECT_CONTROL))
  /// `KVM_CAP_IRQ_ROUTING`: Value: how many GSI routes a VM may have.
  public static let irqRouting = Capability(rawValue: UInt32(KVM_CAP_IRQ_ROUTING))
  /// `KVM_CAP_IRQ_INJECT_STATUS`: ``VirtualMachine/setIRQLineStatus(gsi:level:)``.
  public static let irqInjectStatus = Capability(rawValue: UInt32(KVM_CAP_IRQ_INJECT_STATUS))
  /// `KVM_CAP_MCE`: Value: the number of machine check banks.
  public static let machineCheck = Capability(rawValue: UInt32(KVM_CAP_MCE))
  /// `KVM_CAP_IRQFD`: Interrupts raised by an eventfd.
  public static let irqFD = Capability(rawValue: UInt32(KVM_CAP_IRQFD))
  /// `KVM_CAP_PIT2`: ``VirtualMachine/makePIT2(speakerDummy:)``.
  public static let pit2 = Capability(rawValue: UInt32(KVM_CAP_PIT2))
  /// `KVM_CAP_SET_BOOT_CPU_ID`: ``VirtualMachine/setBootCPU(id:)``.
  public static let setBootCPUID = Capability(rawValue: UInt32(KVM_CAP_SET_BOOT_CPU_ID))
  /// `KVM_CAP_PIT_STATE2`: ``VirtualMachine/pit2()``.
  public static let pitState2 = Capability(rawValue: UInt32(KVM_CAP_PIT_STATE2))
  /// `KVM_CAP_IOEVENTFD`: Guest writes signalled to an eventfd.
  public static let ioEventFD = Capability(rawValue: UInt32(KVM_CAP_IOEVENTFD))
  /// `KVM_CAP_SET_IDENTITY_MAP_ADDR`: ``VirtualMachine/setIdentityMapAddress(_:)``.
  public static let setIdentityMapAddress = Capability(
    rawValue: UInt32(KVM_CAP_SET_IDENTITY_MAP_ADDR))
  /// `KVM_CAP_ADJUST_CLOCK`: ``VirtualMachine/clock()``; value: the supported flags.
  public static let adjustClock = Capability(rawValue: UInt32(KVM_CAP_ADJUST_CLOCK))
  /// `KVM_CAP_INTERNAL_ERROR_DATA`: `KVM_EXIT_INTERNAL_ERROR` carries data.
  public static let internalErrorData = Capability(rawValue: UInt32(KVM_CAP_INTERNAL_ERROR_DATA))
  /// `KVM_CAP_VCPU_EVENTS`: ``VCPU/events()``.
  public static let vcpuEvents = Capability(rawValue: UInt32(KVM_CAP_VCPU_EVENTS))
  /// `KVM_CAP_INTR_SHADOW`: ``VCPU/events()`` include the interrupt shadow.
  public static let interruptShadow = Capability(rawValue: UInt32(KVM_CAP_INTR_SHADOW))
  /// `KVM_CAP_DEBUGREGS`: ``VCPU/debugRegisters()``.
  public static let debugRegisters = Capability(rawValue: UInt32(KVM_CAP_DEBUGREGS))
  /// `KVM_CAP_X86_ROBUST_SINGLESTEP`: Single steps survive instructions that touch RFLAGS.TF.
  public static let robustSingleStep = Capability(rawValue: UInt32(KVM_CAP_X86_ROBUST_SINGLESTEP))
  /// `KVM_CAP_ENABLE_CAP`: `KVM_ENABLE_CAP` on a vCPU.
  public static let enabling = Capability(rawValue: UInt32(KVM_CAP_ENABLE_CAP))
  /// `KVM_CAP_XSAVE`: ``VCPU/xsave()``.
  public static let xsave = Capability(rawValue: UInt32(KVM_CAP_XSAVE))
  /// `KVM_CAP_XCRS`: ``VCPU/xcrs()``.
  public static let xcrs = Capability(rawValue: UInt32(KVM_CAP_XCRS))
  /// `KVM_CAP_ASYNC_PF`: Asynchronous page faults.
  public static let asyncPageFaults = Capability(rawValue: UInt32(KVM_CAP_ASYNC_PF))
  /// `KVM_CAP_TSC_CONTROL`: ``VCPU/setTSCFrequency(kHz:)`` to other than the host's.
  public static let tscControl = Capability(rawValue: UInt32(KVM_CAP_TSC_CONTROL))
  /// `KVM_CAP_GET_TSC_KHZ`: ``VCPU/tscFrequency()``.
  public static let getTSCFrequency = Capability(rawValue: UInt32(KVM_CAP_GET_TSC_KHZ))
  /// `KVM_CAP_MAX_VCPUS`: Value: the hard maximum of vCPUs.
  public static let maximumVCPUs = Capability(rawValue: UInt32(KVM_CAP_MAX_VCPUS))
  /// `KVM_CAP_TSC_DEADLINE_TIMER`: The local APIC's TSC deadline mode.
  public static let tscDeadlineTimer = Capability(rawValue: UInt32(KVM_CAP_TSC_DEADLINE_TIMER))
  /// `KVM_CAP_SYNC_REGS`: Registers mirrored in `kvm_run`; value: which sets.
  public static let syncRegisters = Capability(rawValue: UInt32(KVM_CAP_SYNC_REGS))
  /// `KVM_CAP_SIGNAL_MSI`: ``VirtualMachine/signalMSI(address:data:)``.
  public static let signalMSI = Capability(rawValue: UInt32(KVM_CAP_SIGNAL_MSI))
  /// `KVM_CAP_READONLY_MEM`: ``MemorySlot/Flags/readOnly``.
  public static let readOnlyMemory = Capability(rawValue: UInt32(KVM_CAP_READONLY_MEM))
  /// `KVM_CAP_IRQFD_RESAMPLE`: Level-triggered irqfd with a resample eventfd.
  public static let irqFDResample = Capability(rawValue: UInt32(KVM_CAP_IRQFD_RESAMPLE))
  /// `KVM_CAP_DEVICE_CTRL`: `KVM_CREATE_DEVICE`.
  public static let deviceControl = Capability(rawValue: UInt32(KVM_CAP_DEVICE_CTRL))
  /// `KVM_CAP_EXT_EMUL_CPUID`: ``Hypervisor/emulatedCPUID()``.
  public static let emulatedCPUID = Capability(rawValue: UInt32(KVM_CAP_EXT_EMUL_CPUID))
  /// `KVM_CAP_ENABLE_CAP_VM`: ``VirtualMachine/enable(_:flags:arguments:)``.
  public static let vmEnabling = Capability(rawValue: UInt32(KVM_CAP_ENABLE_CAP_VM))
  /// `KVM_CAP_IOEVENTFD_NO_LENGTH`: An ioeventfd of length 0 matches any length.
  public static let ioEventFDNoLength = Capability(rawValue: UInt32(KVM_CAP_IOEVENTFD_NO_LENGTH))
  /// `KVM_CAP_CHECK_EXTENSION_VM`: ``VirtualMachine/checkExtension(_:)``.
  public static let checkExtensionVM = Capability(rawValue: UInt32(KVM_CAP_CHECK_EXTENSION_VM))
  /// `KVM_CAP_DISABLE_QUIRKS`: Quirks of the emulation that can be disabled.
  public static let disableQuirks = Capability(rawValue: UInt32(KVM_CAP_DISABLE_QUIRKS))
  /// `KVM_CAP_X86_SMM`: System management mode.
  public static let systemManagementMode = Capability(rawValue: UInt32(KVM_CAP_X86_SMM))
  /// `KVM_CAP_MULTI_ADDRESS_SPACE`: Value: the number of address spaces (2 with SMM).
  public static let multipleAddressSpaces = Capability(
    rawValue: UInt32(KVM_CAP_MULTI_ADDRESS_SPACE))
  /// `KVM_CAP_GUEST_DEBUG_HW_BPS`: Value: the number of hardware breakpoints.
  public static let hardwareBreakpoints = Capability(rawValue: UInt32(KVM_CAP_GUEST_DEBUG_HW_BPS))
  /// `KVM_CAP_GUEST_DEBUG_HW_WPS`: Value: the number of hardware watchpoints.
  public static let hardwareWatchpoints = Capability(rawValue: UInt32(KVM_CAP_GUEST_DEBUG_HW_WPS))
  /// `KVM_CAP_SPLIT_IRQCHIP`: Local APICs in the kernel, PIC and IOAPIC in user space.
  public static let splitIRQChip = Capability(rawValue: UInt32(KVM_CAP_SPLIT_IRQCHIP))
  /// `KVM_CAP_IOEVENTFD_ANY_LENGTH`: ioeventfd matching of any length without data match.
  public static let ioEventFDAnyLength = Capability(rawValue: UInt32(KVM_CAP_IOEVENTFD_ANY_LENGTH))
  /// `KVM_CAP_MAX_VCPU_ID`: Value: one more than the highest vCPU id.
  public static let maximumVCPUID = Capability(rawValue: UInt32(KVM_CAP_MAX_VCPU_ID))
  /// `KVM_CAP_X2APIC_API`: 32-bit APIC ids in MSIs and routes.
  public static let x2APICAPI = Capability(rawValue: UInt32(KVM_CAP_X2APIC_API))
  /// `KVM_CAP_IMMEDIATE_EXIT`: ``VCPU/immediateExit``.
  public static let immediateExit = Capability(rawValue: UInt32(KVM_CAP_IMMEDIATE_EXIT))
  /// `KVM_CAP_X86_DISABLE_EXITS`:
  /// Value: the exits (MWAIT, HLT, PAUSE, C-state) that can be disabled.
  public static let disableExits = Capability(rawValue: UInt32(KVM_CAP_X86_DISABLE_EXITS))
  /// `KVM_CAP_GET_MSR_FEATURES`: ``Hypervisor/msrFeatureIndexList()``.
  public static let msrFeatures = Capability(rawValue: UInt32(KVM_CAP_GET_MSR_FEATURES))
  /// `KVM_CAP_NESTED_STATE`: Value: the maximum size of the nested virtualization state.
  public static let nestedState = Capability(rawValue: UInt32(KVM_CAP_NESTED_STATE))
  /// `KVM_CAP_COALESCED_PIO`: Coalesced port I/O.
  public static let coalescedPIO = Capability(rawValue: UInt32(KVM_CAP_COALESCED_PIO))
  /// `KVM_CAP_EXCEPTION_PAYLOAD`: ``VCPU/events()`` carry the payload of #PF and #DB.
  public static let exceptionPayload = Capability(rawValue: UInt32(KVM_CAP_EXCEPTION_PAYLOAD))
  /// `KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2`:
  /// ``MemorySlot/clearDirtyLog(_:firstPage:pageCount:)``; value: the supported flags.
  public static let manualDirtyLogProtect2 = Capability(
    rawValue: UInt32(KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2))
  /// `KVM_CAP_PMU_EVENT_FILTER`: A filter for performance counter events.
  public static let pmuEventFilter = Capability(rawValue: UInt32(KVM_CAP_PMU_EVENT_FILTER))
  /// `KVM_CAP_HALT_POLL`: The halt polling interval of a VM.
  public static let haltPolling = Capability(rawValue: UInt32(KVM_CAP_HALT_POLL))
  /// `KVM_CAP_ASYNC_PF_INT`: Asynchronous page faults completed by an interrupt.
  public static let asyncPageFaultInterrupts = Capability(rawValue: UInt32(KVM_CAP_ASYNC_PF_INT))
  /// `KVM_CAP_SMALLER_MAXPHYADDR`: Guests may have fewer physical address bits than the host.
  public static let smallerMaximumPhysicalAddress = Capability(
    rawValue: UInt32(KVM_CAP_SMALLER_MAXPHYADDR))
  /// `KVM_CAP_STEAL_TIME`: Steal time accounting.
  public static let stealTime = Capability(rawValue: UInt32(KVM_CAP_STEAL_TIME))
  /// `KVM_CAP_X86_USER_SPACE_MSR`: MSR accesses as exits; value: the supported reasons.
  public static let userSpaceMSR = Capability(rawValue: UInt32(KVM_CAP_X86_USER_SPACE_MSR))
  /// `KVM_CAP_X86_MSR_FILTER`: ``VirtualMachine/setMSRFilter(_:defaultAllow:)``.
  public static let msrFilter = Capability(rawValue: UInt32(KVM_CAP_X86_MSR_FILTER))
  /// `KVM_CAP_DIRTY_LOG_RING`: The dirty ring; value: the maximum size of a ring in bytes.
  public static let dirtyLogRing = Capability(rawValue: UInt32(KVM_CAP_DIRTY_LOG_RING))
  /// `KVM_CAP_X86_BUS_LOCK_EXIT`: Exits on bus locks.
  public static let busLockExit = Capability(rawValue: UInt32(KVM_CAP_X86_BUS_LOCK_EXIT))
  /// `KVM_CAP_SET_GUEST_DEBUG2`: Value: the flags that ``VCPU/setGuestDebug(_:)`` takes.
  public static let setGuestDebug2 = Capability(rawValue: UInt32(KVM_CAP_SET_GUEST_DEBUG2))
  /// `KVM_CAP_SREGS2`: `KVM_GET_SREGS2`, which has the PDPTRs.
  public static let specialRegisters2 = Capability(rawValue: UInt32(KVM_CAP_SREGS2))
  /// `KVM_CAP_EXIT_HYPERCALL`: Value: the hypercalls that can be made exits.
  public static let exitOnHypercall = Capability(rawValue: UInt32(KVM_CAP_EXIT_HYPERCALL))
  /// `KVM_CAP_BINARY_STATS_FD`: ``BinaryStatistics``.
  public static let binaryStatistics = Capability(rawValue: UInt32(KVM_CAP_BINARY_STATS_FD))
  /// `KVM_CAP_EXIT_ON_EMULATION_FAILURE`: Every emulation failure is an exit.
  public static let exitOnEmulationFailure = Capability(
    rawValue: UInt32(KVM_CAP_EXIT_ON_EMULATION_FAILURE))
  /// `KVM_CAP_VM_GPA_BITS`: Value: the guest's physical address bits.
  public static let guestPhysicalAddressBits = Capability(rawValue: UInt32(KVM_CAP_VM_GPA_BITS))
  /// `KVM_CAP_XSAVE2`: Value: the size in bytes of ``VCPU/xsave()``.
  public static let xsave2 = Capability(rawValue: UInt32(KVM_CAP_XSAVE2))
  /// `KVM_CAP_SYS_ATTRIBUTES`: Attributes of the `/dev/kvm` device.
  public static let systemAttributes = Capability(rawValue: UInt32(KVM_CAP_SYS_ATTRIBUTES))
  /// `KVM_CAP_PMU_CAPABILITY`: The PMU can be disabled per VM.
  public static let pmuControl = Capability(rawValue: UInt32(KVM_CAP_PMU_CAPABILITY))
  /// `KVM_CAP_DISABLE_QUIRKS2`: Value: the quirks that can be disabled.
  public static let disableQuirks2 = Capability(rawValue: UInt32(KVM_CAP_DISABLE_QUIRKS2))
  /// `KVM_CAP_VM_TSC_CONTROL`: The TSC frequency can be set per VM.
  public static let vmTSCControl = Capability(rawValue: UInt32(KVM_CAP_VM_TSC_CONTROL))
  /// `KVM_CAP_SYSTEM_EVENT_DATA`: `KVM_EXIT_SYSTEM_EVENT` carries data.
  public static let systemEventData = Capability(rawValue: UInt32(KVM_CAP_SYSTEM_EVENT_DATA))
  /// `KVM_CAP_X86_TRIPLE_FAULT_EVENT`: ``VCPU/events()`` include a pending triple fault.
  public static let tripleFaultEvent = Capability(rawValue: UInt32(KVM_CAP_X86_TRIPLE_FAULT_EVENT))
  /// `KVM_CAP_X86_NOTIFY_VMEXIT`: Exits on guests that open no event window.
  public static let notifyVMExit = Capability(rawValue: UInt32(KVM_CAP_X86_NOTIFY_VMEXIT))
  /// `KVM_CAP_VM_DISABLE_NX_HUGE_PAGES`: The NX huge page mitigation can be disabled per VM.
  public static let disableHugePageMitigation = Capability(
    rawValue: UInt32(KVM_CAP_VM_DISABLE_NX_HUGE_PAGES))
  /// `KVM_CAP_DIRTY_LOG_RING_ACQ_REL`:
  /// The dirty ring with acquire/release semantics; value as for ``dirtyLogRing``.
  public static let dirtyLogRingAcquireRelease = Capability(
    rawValue: UInt32(KVM_CAP_DIRTY_LOG_RING_ACQ_REL))
  /// `KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP`: The dirty ring with a backup bitmap.
  public static let dirtyLogRingWithBitmap = Capability(
    rawValue: UInt32(KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP))
  /// `KVM_CAP_USER_MEMORY2`: `KVM_SET_USER_MEMORY_REGION2`.
  public static let userMemory2 = Capability(rawValue: UInt32(KVM_CAP_USER_MEMORY2))
  /// `KVM_CAP_MEMORY_FAULT_INFO`: `KVM_EXIT_MEMORY_FAULT` explains a failed access.
  public static let memoryFaultInfo = Capability(rawValue: UInt32(KVM_CAP_MEMORY_FAULT_INFO))
  /// `KVM_CAP_MEMORY_ATTRIBUTES`: Private and shared guest memory.
  public static let memoryAttributes = Capability(rawValue: UInt32(KVM_CAP_MEMORY_ATTRIBUTES))
  /// `KVM_CAP_GUEST_MEMFD`: Guest memory without a mapping in the caller.
  public static let guestMemFD = Capability(rawValue: UInt32(KVM_CAP_GUEST_MEMFD))
  /// `KVM_CAP_VM_TYPES`: Value: the supported types of VM.
  public static let vmTypes = Capability(rawValue: UInt32(KVM_CAP_VM_TYPES))
  /// `KVM_CAP_PRE_FAULT_MEMORY`: Guest memory can be faulted in ahead.
  public static let preFaultMemory = Capability(rawValue: UInt32(KVM_CAP_PRE_FAULT_MEMORY))
  /// `KVM_CAP_X86_APIC_BUS_CYCLES_NS`: The local APIC's bus frequency can be set.
  public static let apicBusCycles = Capability(rawValue: UInt32(KVM_CAP_X86_APIC_BUS_CYCLES_NS))
  /// `KVM_CAP_X86_GUEST_MODE`: `kvm_run` says whether a nested guest ran.
  public static let guestMode = Capability(rawValue: UInt32(KVM_CAP_X86_GUEST_MODE))
}
