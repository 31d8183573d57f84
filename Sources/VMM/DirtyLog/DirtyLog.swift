import KVM
import Synchronization

/// The pages of video memory that changed, for any number of consumers.
///
/// KVM's log is consumed by reading it. So this object owns it, and nobody else calls its ioctls;
/// each consumer has an accumulator of its own, into which every harvest goes (R5). What the log
/// promises and what it does not:
///
/// - **R1, re-arm before you read.** When ``harvest(leavingOpen:)`` returns, every page that it
///   reported is armed, so that its next write is logged, or open, so that the next harvest reports
///   it again. Only then read the pages: a write that comes during the reading is in a later harvest.
///   The other order loses updates for good.
/// - **R2, a running harvest is a lower bound.** A page can be written and not yet logged. What one
///   harvest misses a later one brings, and while a vCPU runs no number of harvests is enough.
/// - **R3, exact means stopped.** Once every vCPU has left `KVM_RUN` and completed its pending I/O,
///   one last harvest reports all that is left.
/// - **R4, the host's own writes are never logged.** Whoever writes to video memory through the
///   host's mapping calls ``markHostWrite(_:)`` afterwards.
/// - **R5, several consumers, one log.** See above.
final class DirtyLog: Sendable {
  /// Names a consumer.
  struct Consumer: Hashable {
    fileprivate let number: Int
  }

  /// What a consumer has not taken yet.
  private struct Accumulator {
    let consumer: Consumer
    var pages: DirtyBitmap
    /// Tells an idle tick that there is nothing to take without a look at the pages.
    var isEmpty = false
  }

  private struct State {
    /// Its methods are called under the lock only.
    let harvester: any DirtyLogHarvester
    var pages: DirtyBitmap
    /// In no order; a dictionary would allocate to go through it.
    var accumulators: [Accumulator] = []
    var lastConsumer = 0
    var rearmed: UInt64 = 0

    /// Gives `pages` to every consumer, and forgets them here.
    mutating func distribute() {
      guard !pages.isEmpty else { return }
      for index in accumulators.indices {
        accumulators[index].pages.formUnion(pages)
        accumulators[index].isEmpty = false
      }
      pages.removeAll()
    }

    func index(of consumer: Consumer) -> Int? {
      accumulators.firstIndex { $0.consumer == consumer }
    }
  }

  private let state: Mutex<State>
  let pageCount: Int
  let interface: DirtyLogInterface

  init(
    _ harvester: sending any DirtyLogHarvester, interface: DirtyLogInterface, pageCount: Int
  ) {
    self.pageCount = pageCount
    self.interface = interface
    state = Mutex(State(harvester: harvester, pages: DirtyBitmap(pageCount: pageCount)))
  }

  /// A new consumer, for whom every page has changed.
  func attach() -> Consumer {
    state.withLock { state in
      state.lastConsumer += 1
      let consumer = Consumer(number: state.lastConsumer)
      var everything = DirtyBitmap(pageCount: pageCount)
      everything.insertAll()
      state.accumulators.append(Accumulator(consumer: consumer, pages: everything))
      return consumer
    }
  }

  /// Forgets a consumer and what it has not taken.
  func detach(_ consumer: Consumer) {
    state.withLock { $0.accumulators.removeAll { $0.consumer == consumer } }
  }

  /// Harvests for all consumers.
  ///
  /// - Parameter hot: The pages that are better left open than armed.
  func harvest(leavingOpen hot: DirtyBitmap) throws(KVMError) {
    try state.withLock { state throws(KVMError) in
      // What is reported stays reported, also if re-arming it fails.
      defer { state.distribute() }
      state.rearmed &+= UInt64(
        try state.harvester.harvest(into: &state.pages, leavingOpen: hot))
    }
  }

  /// Replaces `pages` by what `consumer` has not taken yet.
  ///
  /// - Returns: Whether there is any.
  @discardableResult
  func take(_ consumer: Consumer, into pages: inout DirtyBitmap) -> Bool {
    pages.removeAll()
    return state.withLock { state in
      guard let index = state.index(of: consumer), !state.accumulators[index].isEmpty
      else { return false }
      pages.formUnion(state.accumulators[index].pages)
      state.accumulators[index].pages.removeAll()
      state.accumulators[index].isEmpty = true
      return true
    }
  }

  /// Reports the pages of `bytes` to all consumers (R4). Call it after the write, so that whoever
  /// takes them sees what was written.
  func markHostWrite(_ bytes: Range<Int>) {
    guard !bytes.isEmpty else { return }
    let pages =
      bytes.lowerBound / MemorySlot.pageSize..<(bytes.upperBound - 1) / MemorySlot.pageSize + 1
    state.withLock { state in
      for index in state.accumulators.indices {
        state.accumulators[index].pages.insert(pages)
        state.accumulators[index].isEmpty = false
      }
    }
  }

  /// Takes in the ring of one more vCPU, before it runs.
  func add(_ ring: VCPUDirtyRing) {
    state.withLock { state in (state.harvester as? RingHarvester)?.add(ring) }
  }

  /// Makes room after a vCPU has exited because its dirty ring is full.
  func relieve() throws(KVMError) {
    try state.withLock { state throws(KVMError) in
      defer { state.distribute() }
      try (state.harvester as? RingHarvester)?.relieve(into: &state.pages)
    }
  }

  /// How many pages have been armed so far, each time they were.
  var rearmedPages: UInt64 {
    state.withLock { $0.rearmed }
  }
}
