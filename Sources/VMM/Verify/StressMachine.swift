import KVM

/// A machine of vCPUs that count in logged pages: no devices, no interrupts.
final class StressMachine {
  let log: DirtyLog
  let memory: StressMemory
  private let machine: SharedMachine
  private let vcpus: [StressVCPU]
  private var control: RunControl

  init(_ stress: DirtyLogStress) throws(VMMError) {
    let hypervisor = try onHost { () throws(KVMError) in try Hypervisor(path: stress.device) }
    try HostRequirements.check(hypervisor)
    try DirtyLogSupport(of: hypervisor).require(stress.interface)
    control = try RunControl()

    let machine: SharedMachine
    let ram: GuestMemory
    do throws(KVMError) {
      machine = SharedMachine(try hypervisor.makeVirtualMachine())
      ram = try GuestMemory(size: Int(MemoryMap.minimumRAM))
      _ = try machine.vm.makeMemorySlot(index: 0, guestAddress: 0, memory: ram.region)
      memory = try StressMemory(pageCount: stress.pageCount, cpuCount: stress.cpuCount)
      log = try DirtyLog.make(
        stress.interface, machine: machine, slotIndex: 1, guestAddress: MemoryMap.framebuffer,
        memory: memory.region)
      try machine.vm.setIdentityMapAddress(MemoryMap.identityMap.rawValue)
      try machine.vm.setTSSAddress(MemoryMap.kvmTaskStateSegment.rawValue)
    } catch {
      throw VMMError(error)
    }
    self.machine = machine

    let guest = CountingGuest(privilegeLevel: stress.privilegeLevel, pageCount: stress.pageCount)
    try guest.load(into: ram)
    let cpuid = try onHost { () throws(KVMError) in try hypervisor.supportedCPUID() }
    var vcpus: [StressVCPU] = []
    for id in 0..<UInt32(stress.cpuCount) {
      let vcpu = try onHost { () throws(KVMError) in try machine.vm.makeVCPU(id: id) }
      try onHost { () throws(KVMError) in try vcpu.setCPUID(cpuid.settingAPICID(id)) }
      try guest.enter(vcpu)
      if stress.interface == .ring {
        log.add(try onHost { () throws(KVMError) in try VCPUDirtyRing(vcpu) })
      }
      vcpus.append(StressVCPU(vcpu, log: log))
    }
    self.vcpus = vcpus
  }

  deinit {
    _ = stop()
  }

  /// Whether a vCPU has ended by itself.
  var hasFailed: Bool { control.isStopping }

  /// Lets every vCPU run.
  func start() throws(VMMError) {
    control = try RunControl()
    do {
      for vcpu in vcpus { try vcpu.start(control) }
    } catch {
      _ = stop()
      throw error
    }
  }

  /// Stops every vCPU: when this returns none is in `KVM_RUN`. They have no I/O to complete.
  ///
  /// - Returns: Why a vCPU ended by itself, if one did.
  func stop() -> VMMError? {
    control.stop(.quit)
    for vcpu in vcpus { vcpu.join() }
    control.removeAll()
    if case .failure(let error) = control.ending { return error }
    return nil
  }
}
