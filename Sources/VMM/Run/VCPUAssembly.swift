import KVM

/// What the vCPUs of a machine share, and how one of them becomes a thread.
struct VCPUAssembly {
  let inventory: SavedVCPU.Inventory
  let ports: PortBus
  let memory: MMIOBus
  let coalesced: CoalescedWrites?
  let map: PhysicalMap
  /// Whether the processor's vendor has a triple fault reset it.
  let resetsAtShutdown: Bool
  let dirtyLog: DirtyLog?
  let interrupts: InterruptSystem
  let control: RunControl
  let resets: ResetPolicy
  /// nil unless the guest has a BIOS to call.
  let bios: BIOS?
  let tracer: Tracer?
  let assistMemory: AssistMemory
  /// nil if what KVM cannot emulate ends the guest.
  let assistCounters: AssistCounters?

  /// The thread that is to run `vcpu`, which is in the state of a reset from here on.
  func thread(
    running vcpu: consuming VCPU, on hypervisor: borrowing Hypervisor
  ) throws(VMMError) -> VCPUThread {
    let counters = try ExitCounters()
    let state: SavedVCPU
    do {
      state = try SavedVCPU(of: vcpu, inventory)
    } catch {
      throw VMMError(error)
    }
    if bios != nil { BIOS.prepare(vcpu, on: hypervisor) }
    let trace = tracer?.tracing(vcpu, coalesced: coalesced)
    return VCPUThread(
      vcpu: vcpu, initialState: state,
      loop: ExitLoop(ports: ports, memory: memory, counters: counters, coalesced: coalesced),
      map: map, resetsAtShutdown: resetsAtShutdown, dirtyLog: dirtyLog,
      interrupts: interrupts, control: control, resets: resets, bios: bios, trace: trace,
      assist: assistCounters.map {
        EmulationAssist(memory: assistMemory, counters: $0, tracer: tracer)
      })
  }
}
