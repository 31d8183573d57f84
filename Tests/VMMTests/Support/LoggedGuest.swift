import KVM
import TestSupport
import Testing

@testable import VMM

/// A guest that stores where it is told, one store at a time, to memory with a dirty log.
///
/// Between two stores it is stopped, so that a harvest is exact.
final class LoggedGuest {
  let log: DirtyLog
  let memory: MemoryRegion
  private let vcpu: VCPU
  private let entry: UInt64
  /// How often the vCPU has stopped because its ring was full.
  private(set) var fullRings = 0

  /// - Parameter ringEntryCount: A ring of this size, in place of one that is never full.
  init(
    _ interface: DirtyLogInterface, pageCount: Int,
    level: DirtyLogStress.PrivilegeLevel = .user, ringEntryCount: Int? = nil
  ) throws {
    let hypervisor = try Hypervisor()
    let machine = SharedMachine(try hypervisor.makeVirtualMachine())
    let ram = try GuestMemory(size: 2 << 20)
    _ = try machine.vm.makeMemorySlot(index: 0, guestAddress: 0, memory: ram.region)
    memory = try MemoryRegion(size: pageCount * MemorySlot.pageSize)
    if let ringEntryCount {
      try machine.vm.enableDirtyRing(entryCount: ringEntryCount)
      let slot = try machine.vm.makeMemorySlot(
        index: 1, guestAddress: MemoryMap.framebuffer.rawValue, memory: memory,
        flags: .logDirtyPages)
      let harvester = RingHarvester(machine, pageCount: pageCount)
      harvester.add(slot: slot.index, firstPage: 0)
      log = DirtyLog(harvester, interface: .ring, pageCount: pageCount)
    } else {
      log = try DirtyLog.make(
        interface, machine: machine, slotIndex: 1, guestAddress: MemoryMap.framebuffer,
        memory: memory)
    }
    try machine.vm.setIdentityMapAddress(MemoryMap.identityMap.rawValue)
    try machine.vm.setTSSAddress(MemoryMap.kvmTaskStateSegment.rawValue)
    let image = try FlatImage.code([
      0x48, 0x89, 0x07,  // movq %rax, (%rdi)
      0xE6, 0x80,  // outb %al, $0x80
    ])
    try image.file.load(into: ram, at: image.loadAddress)
    entry = image.entry.rawValue
    let state = EntryState(image: image)
    state.prepare(ram)
    vcpu = try machine.vm.makeVCPU(id: 0)
    try vcpu.setCPUID(try hypervisor.supportedCPUID())
    try state.enter(vcpu)
    if level == .user {
      var special = try vcpu.specialRegisters()
      special.cs = VMM.DescriptorTable.userCode64.segment
      let data = VMM.DescriptorTable.userData.segment
      (special.ss, special.ds, special.es) = (data, data, data)
      try vcpu.setSpecialRegisters(special)
    }
    if log.interface == .ring { log.add(try VCPUDirtyRing(vcpu)) }
  }

  /// Has the guest store `value` at `offset`; it has when this returns.
  func store(_ value: UInt64 = .max, at offset: Int) throws {
    var registers = try vcpu.registers()
    registers.rip = entry
    registers.rax = value
    registers.rdi = MemoryMap.framebuffer.rawValue + UInt64(offset)
    try vcpu.setRegisters(registers)
    while true {
      switch try vcpu.run() {
      case .interrupted, .again: continue
      case .dirtyRingFull:
        fullRings += 1
        try log.relieve()
      case .portIO: return
      case let exit: throw VMMError(.host, "unexpected exit \(exit)")
      }
    }
  }

  func store(onPage page: Int) throws { try store(at: page * MemorySlot.pageSize) }

  /// What `consumer` gets from one more harvest.
  func harvest(
    _ consumer: DirtyLog.Consumer, leavingOpen hot: Set<Int> = []
  ) throws -> Set<Int> {
    var bitmap = DirtyBitmap(pageCount: log.pageCount)
    for page in hot { bitmap.insert(page) }
    try log.harvest(leavingOpen: bitmap)
    return take(consumer)
  }

  /// What `consumer` has not taken yet.
  func take(_ consumer: DirtyLog.Consumer) -> Set<Int> {
    var bitmap = DirtyBitmap(pageCount: log.pageCount)
    log.take(consumer, into: &bitmap)
    return Set((0..<log.pageCount).filter { bitmap[$0] })
  }
}

extension DirtyLogInterface {
  /// Those that this host has.
  static var available: [DirtyLogInterface] {
    guard let hypervisor = try? Hypervisor() else { return [] }
    var interfaces: [DirtyLogInterface] = []
    for interface in allCases where interface.isAvailable(on: hypervisor) {
      interfaces.append(interface)
    }
    return interfaces
  }
}
