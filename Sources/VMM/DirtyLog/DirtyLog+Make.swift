import KVM

/// A part of a video memory and where the guest has it.
struct VideoMemoryPart: Sendable {
  let address: GuestAddress
  /// From a multiple of 64 pages on.
  let bytes: Range<Int>

  var pages: Range<Int> {
    bytes.lowerBound / MemorySlot.pageSize..<bytes.upperBound / MemorySlot.pageSize
  }
}

extension DirtyLog {
  /// Makes the memory slots for the parts of `memory`, with one log for all of them. Before the first
  /// vCPU, and once for a machine: the interfaces are switched on for the machine as a whole.
  ///
  /// - Parameters:
  ///   - firstSlot: The index of the first part's slot; the others follow.
  ///   - parts: At least one; together they are all of `memory`.
  ///   - isLogged: false for a log that is never harvested, of a memory that does not pay for it.
  static func make(
    _ interface: DirtyLogInterface, machine: SharedMachine, firstSlot: UInt16,
    parts: [VideoMemoryPart], memory: MemoryRegion, isLogged: Bool = true
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
    var harvesters: [(harvester: any DirtyLogHarvester, pages: Range<Int>)] = []
    // A machine's rings have the pages of all its slots.
    let rings = interface == .ring ? RingHarvester(machine, pageCount: pageCount) : nil
    for (index, part) in parts.enumerated() {
      let slot = try machine.vm.makeMemorySlot(
        index: firstSlot &+ UInt16(truncatingIfNeeded: index),
        guestAddress: part.address.rawValue, memory: memory, offset: part.bytes.lowerBound,
        size: part.bytes.count, flags: isLogged ? .logDirtyPages : [])
      switch interface {
      case .bitmap: harvesters.append((BitmapHarvester(slot), part.pages))
      case .clear, .clearInitiallySet: harvesters.append((ClearHarvester(slot), part.pages))
      case .ring: rings?.add(slot: slot.index, firstPage: part.pages.lowerBound)
      }
    }
    if let rings {
      return DirtyLog(rings, interface: interface, pageCount: pageCount)
    }
    if harvesters.count == 1 {
      return DirtyLog(harvesters[0].harvester, interface: interface, pageCount: pageCount)
    }
    return DirtyLog(JoinedHarvester(harvesters), interface: interface, pageCount: pageCount)
  }

  /// Makes the memory slot for all of `memory` with its log.
  static func make(
    _ interface: DirtyLogInterface, machine: SharedMachine, slotIndex: UInt16,
    guestAddress: GuestAddress, memory: MemoryRegion, isLogged: Bool = true
  ) throws(KVMError) -> DirtyLog {
    try make(
      interface, machine: machine, firstSlot: slotIndex,
      parts: [VideoMemoryPart(address: guestAddress, bytes: 0..<memory.size)], memory: memory,
      isLogged: isLogged)
  }
}
