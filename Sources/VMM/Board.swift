import KVM

/// The virtual machine with its memory and, if it has them, its in-kernel devices: what has to be
/// made in a certain order.
struct Board: ~Copyable {
  let machine: SharedMachine
  let memory: GuestMemory
  let video: VideoAdapter?
  let interrupts: InterruptSystem
  /// As they were made; nil if they are not in the kernel.
  let interruptControllerState: InterruptControllerState?

  init(
    _ hypervisor: borrowing Hypervisor, _ configuration: MachineConfiguration, hasVGA: Bool = false
  ) throws(VMMError) {
    let arrangement = configuration.interruptArrangement(on: hypervisor)
    let dirtyLog = configuration.dirtyLog ?? .best(on: hypervisor)
    try DirtyLogSupport(of: hypervisor).require(dirtyLog)
    let (machine, memory, video, state) = try onHost { () throws(KVMError) in
      let machine = SharedMachine(try hypervisor.makeVirtualMachine())
      let memory = try GuestMemory(size: Int(configuration.memorySize), hasVGA: hasVGA)
      // Slots first: with an interrupt controller in place each of them would wait for the
      // kernel's grace periods, which takes milliseconds.
      for (index, range) in memory.ranges.enumerated() {
        _ = try machine.vm.makeMemorySlot(
          index: UInt16(index), guestAddress: range.start.rawValue, memory: memory.region,
          offset: range.offset, size: range.size)
      }
      let mode = configuration.framebuffer
      let video =
        mode == nil && !hasVGA
        ? nil
        : try VideoAdapter(
          machine, slotIndex: UInt16(memory.ranges.count), mode: mode, hasVGA: hasVGA,
          interface: dirtyLog, isLogged: configuration.isVideoMemoryLogged)
      try machine.vm.setIdentityMapAddress(MemoryMap.identityMap.rawValue)
      try machine.vm.setTSSAddress(MemoryMap.kvmTaskStateSegment.rawValue)
      if configuration.assistsEmulation { try EmulationAssist.prepare(machine) }
      try InterruptSystem.prepare(arrangement, machine)
      let state = arrangement == .kernel ? try InterruptControllerState(of: machine.vm) : nil
      return (machine, memory, video, state)
    }
    interrupts = InterruptSystem(arrangement, machine: machine)
    interruptControllerState = state
    self.machine = machine
    self.memory = memory
    self.video = video
  }

  /// Makes a vCPU with the host's CPUID; in the state `entry`, or as after reset.
  func makeVCPU(
    id: UInt32, cpuid: CPUID, entry: (any BootLoader)?
  ) throws(VMMError) -> VCPU {
    do {
      let vcpu = try machine.vm.makeVCPU(id: id)
      var cpuid = cpuid.settingAPICID(id).settingTSCFrequency(kHz: try vcpu.tscFrequency())
      if !interrupts.arrangement.hasLocalAPICs { cpuid = cpuid.withoutLocalAPIC() }
      try vcpu.setCPUID(cpuid)
      try entry?.enter(vcpu, hasLocalAPIC: interrupts.arrangement.hasLocalAPICs)
      if let video, video.log.interface == .ring { video.log.add(try VCPUDirtyRing(vcpu)) }
      return vcpu
    } catch {
      throw VMMError(error)
    }
  }
}
