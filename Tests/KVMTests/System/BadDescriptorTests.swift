import CKVM
import Synchronization
import SystemPackage
import Testing

@testable import KVM

/// Every call on a descriptor that is none gives EBADF and the right name, so no call is wired to
/// another one's request.
@Suite("A bad descriptor in every call", .timeLimit(.minutes(5)))
struct BadDescriptorTests {
  private func expect(_ operation: String, _ call: () throws -> Void) {
    do {
      try call()
      Issue.record("\(operation) succeeded")
    } catch {
      #expect((error as? KVMError)?.operation == operation)
      #expect((error as? KVMError)?.errno == .badFileDescriptor, "\(error)")
    }
  }

  private func handle() -> VirtualMachineHandle {
    VirtualMachineHandle(descriptor: -1, vcpuMappingSize: 4096)
  }

  private func vcpu() throws -> VCPU {
    var mapping: UnsafeMutableRawPointer?
    _ = unsafe ckvm_map_anonymous(4096, &mapping)
    return unsafe VCPU(
      descriptor: -1, id: 0, machine: handle(), mapping: try #require(mapping), mappingSize: 4096)
  }

  @Test func `the hypervisor`() {
    let hypervisor = Hypervisor(descriptor: -1)
    expect("KVM_GET_VCPU_MMAP_SIZE") { _ = try hypervisor.vcpuMappingSize() }
    expect("KVM_GET_VCPU_MMAP_SIZE") { _ = try hypervisor.makeVirtualMachine() }
    expect("KVM_GET_SUPPORTED_CPUID") { _ = try hypervisor.supportedCPUID() }
    expect("KVM_GET_EMULATED_CPUID") { _ = try hypervisor.emulatedCPUID() }
    expect("KVM_GET_MSR_INDEX_LIST") { _ = try hypervisor.msrIndexList() }
    expect("KVM_GET_MSR_FEATURE_INDEX_LIST") { _ = try hypervisor.msrFeatureIndexList() }
    let value = hypervisor.checkExtension(.irqchip)
    #expect(value == 0)
  }

  @Test func `a machine's set-up`() {
    let machine = VirtualMachine(handle: handle())
    expect("KVM_CREATE_VCPU") { _ = try machine.makeVCPU(id: 0) }
    expect("KVM_SET_BOOT_CPU_ID") { try machine.setBootCPU(id: 0) }
    expect("KVM_SET_TSS_ADDR") { try machine.setTSSAddress(0) }
    expect("KVM_SET_IDENTITY_MAP_ADDR") { try machine.setIdentityMapAddress(0) }
    expect("KVM_ENABLE_CAP") { try machine.enable(.haltPolling) }
    expect("KVM_ENABLE_CAP") { try machine.enableManualDirtyLogProtect() }
    expect("KVM_X86_SET_MSR_FILTER") { try machine.setMSRFilter([], defaultAllow: true) }
    expect("KVM_GET_CLOCK") { _ = try machine.clock() }
    expect("KVM_SET_CLOCK") { try machine.setClock(ClockData()) }
    expect("KVM_GET_STATS_FD") { _ = try machine.statistics() }
    expect("KVM_RESET_DIRTY_RINGS") { try machine.resetDirtyRings() }
    expect("KVM_SET_USER_MEMORY_REGION") {
      let memory = try MemoryRegion(size: 4096)
      _ = try machine.makeMemorySlot(index: 0, guestAddress: 0, memory: memory)
    }
    let value = machine.checkExtension(.irqchip)
    #expect(value == 0)
  }

  @Test func `a machine's interrupts`() throws {
    let machine = VirtualMachine(handle: handle())
    let event = FileDescriptor(rawValue: -1)
    expect("KVM_CREATE_IRQCHIP") { try machine.makeIRQChip() }
    expect("KVM_GET_IRQCHIP") { _ = try machine.irqChip(.ioapic) }
    expect("KVM_SET_IRQCHIP") { try machine.setIRQChip(IRQChipState()) }
    expect("KVM_CREATE_PIT2") { try machine.makePIT2() }
    expect("KVM_GET_PIT2") { _ = try machine.pit2() }
    expect("KVM_SET_PIT2") { try machine.setPIT2(PITState()) }
    expect("KVM_REINJECT_CONTROL") { try machine.setPITReinjection(true) }
    expect("KVM_IRQ_LINE") { try machine.setIRQLine(gsi: 0, level: true) }
    expect("KVM_IRQ_LINE_STATUS") { _ = try machine.setIRQLineStatus(gsi: 0, level: true) }
    expect("KVM_SIGNAL_MSI") { try machine.signalMSI(address: 0, data: 0) }
    expect("KVM_SET_GSI_ROUTING") { try machine.setGSIRouting([]) }
    expect("KVM_IRQFD") { try machine.registerIRQFD(event, gsi: 0) }
    expect("KVM_IRQFD") { try machine.unregisterIRQFD(event, gsi: 0) }
    expect("KVM_IOEVENTFD") { try machine.registerIOEvent(event, at: .port(0), length: 1) }
    expect("KVM_IOEVENTFD") { try machine.unregisterIOEvent(event, at: .port(0), length: 1) }
    let zone = CoalescedZone.ports(first: 0, count: 1)
    expect("KVM_REGISTER_COALESCED_MMIO") { try machine.registerCoalesced(zone) }
    expect("KVM_UNREGISTER_COALESCED_MMIO") { try machine.unregisterCoalesced(zone) }
  }

  @Test func `a memory slot`() throws {
    func slot() -> MemorySlot {
      MemorySlot(index: 0, guestAddress: 0, size: 4096, userspaceAddress: 0, machine: handle())
    }
    var bitmap = DirtyBitmap(pageCount: 1)
    expect("KVM_GET_DIRTY_LOG") { try slot().getDirtyLog(into: &bitmap) }
    expect("KVM_CLEAR_DIRTY_LOG") { try slot().clearDirtyLog(DirtyBitmap(pageCount: 1)) }
    expect("KVM_SET_USER_MEMORY_REGION") { try slot().setFlags(.logDirtyPages) }
    expect("KVM_SET_USER_MEMORY_REGION") { try slot().delete() }
  }

  @Test func `a vCPU's execution`() throws {
    let vcpu = try vcpu()
    expect("KVM_RUN") { _ = try vcpu.run() }
    expect("KVM_INTERRUPT") { try vcpu.interrupt(vector: 0) }
    expect("KVM_NMI") { try vcpu.nmi() }
    expect("KVM_SET_SIGNAL_MASK") { try vcpu.setSignalMask(0) }
    expect("KVM_SET_SIGNAL_MASK") { try vcpu.setSignalMask(nil) }
    expect("KVM_SET_GUEST_DEBUG") { try vcpu.setGuestDebug(GuestDebug()) }
    expect("KVM_TRANSLATE") { _ = try vcpu.translate(linearAddress: 0) }
    expect("KVM_GET_TSC_KHZ") { _ = try vcpu.tscFrequency() }
    expect("KVM_SET_TSC_KHZ") { try vcpu.setTSCFrequency(kHz: 1) }
    expect("KVM_ENABLE_CAP") { try vcpu.enable(.syncRegisters) }
    expect("KVM_GET_STATS_FD") { _ = try vcpu.statistics() }
  }

  @Test func `a vCPU's state`() throws {
    let vcpu = try vcpu()
    expect("KVM_GET_REGS") { _ = try vcpu.registers() }
    expect("KVM_SET_REGS") { try vcpu.setRegisters(Registers()) }
    expect("KVM_GET_SREGS") { _ = try vcpu.specialRegisters() }
    expect("KVM_SET_SREGS") { try vcpu.setSpecialRegisters(SpecialRegisters()) }
    expect("KVM_GET_DEBUGREGS") { _ = try vcpu.debugRegisters() }
    expect("KVM_SET_DEBUGREGS") { try vcpu.setDebugRegisters(DebugRegisters()) }
    expect("KVM_GET_FPU") { _ = try vcpu.fpu() }
    expect("KVM_SET_FPU") { try vcpu.setFPU(FPUState()) }
    expect("KVM_GET_XSAVE") { _ = try vcpu.xsave() }
    expect("KVM_SET_XSAVE") { try vcpu.setXSAVE(XSAVEArea(words: [])) }
    expect("KVM_GET_XCRS") { _ = try vcpu.xcrs() }
    expect("KVM_SET_XCRS") { try vcpu.setXCRs(ExtendedControlRegisters()) }
    expect("KVM_GET_MSRS") { _ = try vcpu.readMSRs([0x10]) }
    expect("KVM_SET_MSRS") { try vcpu.writeMSRs([MSR(index: 0x10, value: 0)]) }
    expect("KVM_GET_CPUID2") { _ = try vcpu.cpuid() }
    expect("KVM_SET_CPUID2") { try vcpu.setCPUID(CPUID()) }
    expect("KVM_GET_VCPU_EVENTS") { _ = try vcpu.events() }
    expect("KVM_SET_VCPU_EVENTS") { try vcpu.setEvents(VCPUEvents()) }
    expect("KVM_GET_MP_STATE") { _ = try vcpu.mpState() }
    expect("KVM_SET_MP_STATE") { try vcpu.setMPState(.runnable) }
    expect("KVM_GET_LAPIC") { _ = try vcpu.localAPIC() }
    expect("KVM_SET_LAPIC") { try vcpu.setLocalAPIC(LocalAPICState()) }
  }

  @Test func `mappings of a vCPU, and statistics`() throws {
    let handle = handle()
    expect("mmap") { _ = try VCPU(descriptor: -1, id: 0, machine: handle) }
    expect("mmap") { _ = try CoalescedRing(vcpu: -1, page: 2, machine: handle) }
    handle.dirtyRingByteCount.store(4096, ordering: .relaxed)
    expect("mmap") { _ = try DirtyRing(vcpu: -1, machine: handle) }
    expect("pread(statistics)") { _ = try BinaryStatistics(descriptor: -1, machine: handle) }
  }

  @Test func `features that a machine lacks are named before anything is asked of it`() throws {
    let machine = VirtualMachine(handle: handle())
    let ring = #expect(throws: KVMError.self) { try machine.enableDirtyRing(entryCount: 1024) }
    #expect(ring?.detail == "this host's KVM lacks KVM_CAP_DIRTY_LOG_RING")
    let vcpu = try vcpu()
    let coalesced = #expect(throws: KVMError.self) { _ = try vcpu.makeCoalescedRing() }
    #expect(coalesced?.detail == "this host's KVM lacks KVM_CAP_COALESCED_MMIO")
  }
}
