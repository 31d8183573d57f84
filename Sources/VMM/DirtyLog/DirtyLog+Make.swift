import KVM

extension DirtyLog {
  /// Makes the memory slot for `memory` with its log. Before the first vCPU, and for one slot of a
  /// machine only: the interfaces are switched on for the machine as a whole.
  ///
  /// - Parameter isLogged: false for a log that is never harvested, of a memory that does not pay for
  ///   it.
  static func make(
    _ interface: DirtyLogInterface, machine: SharedMachine, slotIndex: UInt16,
    guestAddress: GuestAddress, memory: MemoryRegion, isLogged: Bool = true
  ) throws(KVMError) -> DirtyLog {
    let pageCount = memory.size / MemorySlot.pageSize
    switch interface {
    case .bitmap: break
    case .clear: try machine.vm.enableManualDirtyLogProtect()
    case .clearInitiallySet:
      try machine.vm.enableManualDirtyLogProtect([.enable, .initiallySet])
    case .ring:
      try machine.vm.enableDirtyRing(entryCount: RingHarvester.entryCount(pageCount: pageCount))
    }
    let slot = try machine.vm.makeMemorySlot(
      index: slotIndex, guestAddress: guestAddress.rawValue, memory: memory,
      flags: isLogged ? .logDirtyPages : [])
    switch interface {
    case .bitmap:
      return DirtyLog(BitmapHarvester(slot), interface: interface, pageCount: pageCount)
    case .clear, .clearInitiallySet:
      return DirtyLog(ClearHarvester(slot), interface: interface, pageCount: pageCount)
    case .ring:
      return DirtyLog(
        RingHarvester(slot, of: machine), interface: interface, pageCount: pageCount)
    }
  }
}
