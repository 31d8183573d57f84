import KVM
import Synchronization

/// One vCPU's exits, counted by reason and by port.
///
/// Only the vCPU's thread counts, so that counting is a load, an addition and a store without a lock
/// prefix; others may read meanwhile, and see a count that was right a moment ago. The half mebibyte of
/// counters is charged page by page, as ports are used.
@safe
package final class ExitCounters: @unchecked Sendable {
  private let region: MemoryRegion
  /// 65,536 ports, and behind them the reasons. Zero bytes are counters at 0.
  private let counters: UnsafeMutablePointer<Atomic<UInt64>>

  private static let portCount = 1 << 16
  /// A page, so that the region is made of whole pages.
  private static let reasonCapacity = MemorySlot.pageSize / 8

  package init() throws(VMMError) {
    let count = Self.portCount + Self.reasonCapacity
    region = try onHost { () throws(KVMError) in try MemoryRegion(size: count * 8) }
    guard let base = unsafe region.bytes.baseAddress else {
      throw VMMError(.host, "exit counters: no memory; close other programs")
    }
    unsafe counters = base.bindMemory(to: Atomic<UInt64>.self, capacity: count)
  }

  /// Counts an exit for an access to `port`.
  @inline(__always)
  func countPort(_ port: UInt16) { increment(Int(port)) }

  /// Counts any other exit.
  @inline(__always)
  func count(_ reason: ExitReason) { increment(Self.portCount &+ Int(reason.rawValue)) }

  @inline(__always)
  private func increment(_ index: Int) {
    let value = unsafe counters[index].load(ordering: .relaxed) &+ 1
    unsafe counters[index].store(value, ordering: .relaxed)
  }

  /// How often each port was accessed, without those that never were.
  var ports: [PortExits] {
    (0..<Self.portCount).compactMap { port in
      let count = value(port)
      return count == 0 ? nil : PortExits(port: UInt16(port), count: count)
    }
  }

  /// How often each reason but ``ExitReason/io`` came up.
  func value(_ reason: ExitReason) -> UInt64 { value(Self.portCount + Int(reason.rawValue)) }

  private func value(_ index: Int) -> UInt64 { unsafe counters[index].load(ordering: .relaxed) }
}
