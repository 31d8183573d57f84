import Synchronization

/// Counts the accesses that nothing answered, over all vCPUs.
///
/// An empty bus floats high: a read gives all ones, a write is dropped. Neither is an error, but a
/// guest that does it has often looked in the wrong place.
final class UnclaimedAccesses: Sendable {
  private let portReads = Atomic<UInt64>(0)
  private let portWrites = Atomic<UInt64>(0)
  private let memoryReads = Atomic<UInt64>(0)
  private let memoryWrites = Atomic<UInt64>(0)

  func countPort(isWrite: Bool, _ count: Int) {
    if isWrite {
      portWrites.wrappingAdd(UInt64(truncatingIfNeeded: count), ordering: .relaxed)
    } else {
      portReads.wrappingAdd(UInt64(truncatingIfNeeded: count), ordering: .relaxed)
    }
  }

  func countMemory(isWrite: Bool) {
    if isWrite {
      memoryWrites.wrappingAdd(1, ordering: .relaxed)
    } else {
      memoryReads.wrappingAdd(1, ordering: .relaxed)
    }
  }

  var statistics: UnclaimedAccessStatistics {
    UnclaimedAccessStatistics(
      portReads: portReads.load(ordering: .relaxed),
      portWrites: portWrites.load(ordering: .relaxed),
      memoryReads: memoryReads.load(ordering: .relaxed),
      memoryWrites: memoryWrites.load(ordering: .relaxed))
  }
}

/// How often a guest has accessed ports that no device claims, and addresses without memory.
public struct UnclaimedAccessStatistics: Equatable, Sendable {
  public let portReads: UInt64
  public let portWrites: UInt64
  public let memoryReads: UInt64
  public let memoryWrites: UInt64

  /// All of them.
  public var total: UInt64 { portReads &+ portWrites &+ memoryReads &+ memoryWrites }
}
