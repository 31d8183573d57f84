import Devices
import KVM

/// The virtual machine with its memory and, if it has them, its in-kernel devices: what has to be
/// made in a certain order.
struct Board: ~Copyable {
  private let machine: SharedMachine
  let memory: GuestMemory
  let video: VideoAdapter?
  let hasKernelInterruptController: Bool

  init(
    _ hypervisor: borrowing Hypervisor, _ configuration: MachineConfiguration
  ) throws(VMMError) {
    let kernelIRQ = configuration.usesKernelInterruptController
    let dirtyLog = configuration.dirtyLog ?? .best(on: hypervisor)
    try DirtyLogSupport(of: hypervisor).require(dirtyLog)
    let (machine, memory, video) = try onHost { () throws(KVMError) in
      let machine = SharedMachine(try hypervisor.makeVirtualMachine())
      let memory = try GuestMemory(size: Int(configuration.memorySize))
      // Slots first: with an interrupt controller in place each of them would wait for the
      // kernel's grace periods, which takes milliseconds.
      for (index, range) in memory.ranges.enumerated() {
        _ = try machine.vm.makeMemorySlot(
          index: UInt16(index), guestAddress: range.start.rawValue, memory: memory.region,
          offset: range.offset, size: range.size)
      }
      let video = try configuration.framebuffer.map { mode throws(KVMError) in
        try VideoAdapter(
          machine, slotIndex: UInt16(memory.ranges.count), mode: mode,
          interface: dirtyLog, isLogged: configuration.isVideoMemoryLogged)
      }
      try machine.vm.setIdentityMapAddress(MemoryMap.identityMap.rawValue)
      try machine.vm.setTSSAddress(MemoryMap.kvmTaskStateSegment.rawValue)
      if kernelIRQ {
        try machine.vm.makeIRQChip()
        try machine.vm.setGSIRouting(InterruptWiring.kernelRoutes)
        try machine.vm.makePIT2()
      }
      return (machine, memory, video)
    }
    hasKernelInterruptController = kernelIRQ
    self.machine = machine
    self.memory = memory
    self.video = video
  }

  /// Makes a vCPU with the host's CPUID; in the state `entry`, or as after reset.
  func makeVCPU(
    id: UInt32, cpuid: CPUID, entry: EntryState?
  ) throws(VMMError) -> VCPU {
    do {
      let vcpu = try machine.vm.makeVCPU(id: id)
      try vcpu.setCPUID(cpuid.settingAPICID(id))
      try entry?.load(into: vcpu)
      if let video, video.log.interface == .ring { video.log.add(try VCPUDirtyRing(vcpu)) }
      return vcpu
    } catch {
      throw VMMError(error)
    }
  }

  /// The wire to input `gsi` of the interrupt controller; to nowhere if there is none.
  func interruptLine(_ gsi: UInt32) -> any InterruptLine {
    hasKernelInterruptController
      ? KernelInterruptLine(machine: machine, gsi: gsi) : UnconnectedLine()
  }
}

private struct KernelInterruptLine: InterruptLine {
  let machine: SharedMachine
  let gsi: UInt32

  func set(_ asserted: Bool) {
    // KVM_IRQ_LINE fails only without an interrupt controller, and this machine has one.
    try? machine.vm.setIRQLine(gsi: gsi, level: asserted)
  }
}

private struct UnconnectedLine: InterruptLine {
  func set(_ asserted: Bool) {}
}
