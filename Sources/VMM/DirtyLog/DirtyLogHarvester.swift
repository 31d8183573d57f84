import KVM

/// One of KVM's dirty-log interfaces, reduced to what the display needs of it.
///
/// Only ``DirtyLog``, which owns it, calls it, one call at a time (R5).
protocol DirtyLogHarvester: AnyObject {
  /// Adds to `pages` every page that may have been written since it was last reported.
  ///
  /// When it returns, each page that it added is in one of two states, and in both R1 holds for
  /// whoever reads it from now on: *armed*, so that its next write is logged; or *open*, so that the
  /// next harvest reports it again, written or not.
  ///
  /// - Parameters:
  ///   - pages: Covers the slot.
  ///   - hot: The pages that are better left open. What an interface cannot do page by page it does
  ///     as near as it can.
  /// - Returns: How many pages were armed.
  func harvest(into pages: inout DirtyBitmap, leavingOpen hot: DirtyBitmap) throws(KVMError) -> Int
}

/// `KVM_GET_DIRTY_LOG`, which re-arms all that it reports.
///
/// With many hot pages each harvest would cost the guest a fault for each of them. Then it stops
/// asking for a while: every page counts as open, and is compared at every tick, which costs the host
/// about a copy of the frame. It asks again once the hot pages have become few.
final class BitmapHarvester: DirtyLogHarvester {
  /// Comparing a whole frame costs as much as re-arming some 90 pages (9 us each) costs the guest.
  private static let sweepAbove = 64
  private static let askBelow = 32

  private let slot: MemorySlot
  private var scratch: DirtyBitmap
  private var isSweeping = false

  init(_ slot: consuming MemorySlot) {
    scratch = DirtyBitmap(pageCount: slot.pageCount)
    self.slot = slot
  }

  func harvest(
    into pages: inout DirtyBitmap, leavingOpen hot: DirtyBitmap
  ) throws(KVMError) -> Int {
    let hotCount = hot.count
    if hotCount > (isSweeping ? Self.askBelow : Self.sweepAbove) {
      isSweeping = true
      pages.insertAll()
      return 0
    }
    try slot.getDirtyLog(into: &scratch)
    pages.formUnion(scratch)
    // What was written before this call and found by no comparison yet must be compared once more,
    // now that it is armed.
    if isSweeping { pages.insertAll() }
    isSweeping = false
    return scratch.count
  }
}

/// Manual protection: GET shows the dirty pages and leaves them dirty, CLEAR re-arms exactly those
/// that it is given. Never one that GET has not shown: its writes would be lost.
final class ClearHarvester: DirtyLogHarvester {
  private let slot: MemorySlot
  private var reported: DirtyBitmap

  init(_ slot: consuming MemorySlot) {
    reported = DirtyBitmap(pageCount: slot.pageCount)
    self.slot = slot
  }

  func harvest(
    into pages: inout DirtyBitmap, leavingOpen hot: DirtyBitmap
  ) throws(KVMError) -> Int {
    try slot.getDirtyLog(into: &reported)
    guard !reported.isEmpty else { return 0 }
    pages.formUnion(reported)
    // An open page stays dirty in KVM's own bitmap, and so in the next report.
    reported.subtract(hot)
    guard !reported.isEmpty else { return 0 }
    try slot.clearDirtyLog(reported)
    return reported.count
  }
}

/// The ring of one vCPU, in a place from which it can be harvested.
///
/// Used under the lock of its ``DirtyLog`` only.
final class VCPUDirtyRing: @unchecked Sendable {
  fileprivate var ring: DirtyRing

  init(_ vcpu: borrowing VCPU) throws(KVMError) {
    ring = try vcpu.makeDirtyRing()
  }
}

/// A ring for each vCPU. What has been harvested stays open until a reset re-arms all of it.
final class RingHarvester: DirtyLogHarvester {
  private let machine: SharedMachine
  /// The slots, and the page at which each begins.
  private var slots: [(index: UInt32, firstPage: Int)] = []
  private var rings: [VCPUDirtyRing] = []
  /// Harvested and not re-armed.
  private var open: DirtyBitmap
  private var cold: DirtyBitmap
  /// Entries that no reset has given back, in all rings: at least as many as in the fullest.
  private var unresetEntries = 0
  private var entryCount = Int.max

  /// - Parameter pageCount: The pages of all slots.
  init(_ machine: SharedMachine, pageCount: Int) {
    open = DirtyBitmap(pageCount: pageCount)
    cold = open
    self.machine = machine
  }

  /// Takes in a slot, before the machine runs.
  func add(slot: UInt16, firstPage: Int) {
    slots.append((UInt32(slot), firstPage))
  }

  /// More entries than the slot has pages, so that a ring does not fill up in one round of a guest
  /// through all of them; for the largest slots as many as the kernel allows.
  static func entryCount(pageCount: Int) -> Int {
    var count = 4096
    while count <= pageCount, count < maximumEntryCount { count *= 2 }
    return count
  }

  /// `KVM_DIRTY_RING_MAX_ENTRIES`.
  private static let maximumEntryCount = 65536

  func add(_ ring: VCPUDirtyRing) {
    entryCount = ring.ring.entryCount
    rings.append(ring)
  }

  func harvest(
    into pages: inout DirtyBitmap, leavingOpen hot: DirtyBitmap
  ) throws(KVMError) -> Int {
    collect()
    pages.formUnion(open)
    cold = open
    cold.subtract(hot)
    let coldCount = cold.count
    // A reset also re-arms the hot pages, which fault at once: worth it only if they are the fewer,
    // or when the ring must not fill up.
    let gains = coldCount > 0 && coldCount >= open.count - coldCount
    guard gains || unresetEntries > entryCount / 2 else { return 0 }
    return try reset()
  }

  /// Makes room after a vCPU has exited because its ring is full.
  func relieve(into pages: inout DirtyBitmap) throws(KVMError) {
    collect()
    pages.formUnion(open)
    _ = try reset()
  }

  private func collect() {
    for ring in rings {
      unresetEntries += ring.ring.harvest { slot, page in
        guard let known = slots.first(where: { $0.index == slot }), let page = Int(exactly: page)
        else { return }
        open.insert(known.firstPage &+ page)
      }
    }
  }

  private func reset() throws(KVMError) -> Int {
    try machine.vm.resetDirtyRings()
    defer { open.removeAll() }
    unresetEntries = 0
    return open.count
  }
}
