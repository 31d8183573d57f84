import CKVM
import Devices
import Display
import KVM

/// One tick of the display, without the question when it is due: harvest, compare, decide which pages
/// stay open, tell the sinks.
///
/// Used by one thread at a time; ``Flusher`` sees to that.
struct FlushEngine: ~Copyable {
  private struct AttachedSink {
    let id: SinkID
    var sink: any FrameSink & Sendable
    /// A new sink starts with a full frame.
    var isNew = true
  }

  private let video: VideoAdapter
  private let tracer: Tracer?
  private let consumer: DirtyLog.Consumer
  /// Holds the shadow as the last tick left it.
  private(set) var tracker = FrameTracker()
  private var pages: DirtyBitmap
  private var hot: DirtyBitmap
  /// Open pages that the next tick may leave out, and those that were reported and left out.
  private var resting: DirtyBitmap
  private var postponed: DirtyBitmap
  private var isPostponing = false
  private var histories: PageHistories
  private var sinks: [AttachedSink] = []
  private var lastSinkID = 0
  private var generation: UInt64?
  /// The VGA's mode if it is one that cannot be shown, and whether that has been told.
  private var unsupported: UnsupportedVGAMode?
  private var isUnsupportedTold = false
  private let onUnsupportedMode: @Sendable (String) -> Void
  private var counters = FlushStatistics()

  /// The first error of the log or of a sink; a sink that failed is not asked again.
  private(set) var failure: (any Error)?

  /// - Parameter onUnsupportedMode: Told of the first mode that cannot be shown.
  init(
    _ video: VideoAdapter, policy: HotPagePolicy, tracer: Tracer? = nil,
    onUnsupportedMode: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.video = video
    self.onUnsupportedMode = onUnsupportedMode
    self.tracer = tracer
    consumer = video.log.attach()
    pages = DirtyBitmap(pageCount: video.log.pageCount)
    hot = pages
    resting = pages
    postponed = pages
    histories = PageHistories(pageCount: video.log.pageCount, policy: policy)
  }

  var hasSinks: Bool { !sinks.isEmpty }

  var statistics: FlushStatistics {
    var result = counters
    result.frames = tracker.statistics
    result.pagesRearmed = video.log.rearmedPages
    result.pagesOpen = UInt64(histories.openCount)
    return result
  }

  mutating func attach(_ sink: any FrameSink & Sendable) -> SinkID {
    lastSinkID += 1
    let id = SinkID(number: lastSinkID)
    sinks.append(AttachedSink(id: id, sink: sink))
    return id
  }

  mutating func detach(_ id: SinkID) -> (any FrameSink & Sendable)? {
    guard let index = sinks.firstIndex(where: { $0.id == id }) else { return nil }
    return sinks.remove(at: index).sink
  }

  /// Harvests, compares and presents.
  ///
  /// - Parameter isFrame: Whether all that is reported must be compared now. Otherwise open pages
  ///   that were quiet at the last tick have time until the next one.
  /// - Returns: Whether anything visible changed.
  mutating func tick(isFrame: Bool = false) -> Bool {
    let start = monotonicNanoseconds()
    do {
      // R1: what this reports is armed, or open and reported again, when it returns.
      try video.log.harvest(leavingOpen: hot)
    } catch {
      failure = failure ?? error
    }
    let isReported = video.log.take(consumer, into: &pages)
    counters.harvestTime &+= monotonicNanoseconds() &- start
    if isReported, let tracer { tracer.recordHarvest(pages: pages.count) }
    // A guest sets a mode register by register: what is no mode of ours at one tick may become one.
    if generation == video.generation { tellUnsupported() }
    // Idle: no page to compare, no history to continue, and the registers as they were.
    if !isReported, !isPostponing, histories.isQuiet, generation == video.generation {
      counters.ticks &+= 1
      present(false)
      return false
    }
    postpone(isFrame: isFrame)
    defer { if isFrame { tellUnsupported() } }
    return compareAndPresent()
  }

  /// Counts the mode that cannot be shown, and tells of the first.
  private mutating func tellUnsupported() {
    guard let unsupported, !isUnsupportedTold else { return }
    isUnsupportedTold = true
    counters.unsupportedModes &+= 1
    if counters.unsupportedModes == 1 { onUnsupportedMode(unsupported.description) }
  }

  /// Adds to `pages` what the last tick has left out, and leaves out what may wait.
  private mutating func postpone(isFrame: Bool) {
    if isPostponing {
      pages.formUnion(postponed)
      isPostponing = false
    }
    guard !isFrame, histories.openCount > 0 else { return }
    postponed = pages
    postponed.formIntersection(resting)
    guard !postponed.isEmpty else { return }
    pages.subtract(postponed)
    isPostponing = true
  }

  /// Compares everything that is visible, reported or not, and presents.
  mutating func compareAll() -> Bool {
    pages.insertAll()
    return compareAndPresent()
  }

  /// The last tick, after all vCPUs have stopped (R3).
  mutating func finish() {
    let before = tracker.statistics.pagesChanged
    _ = tick(isFrame: true)
    counters.lateCorrections &+= tracker.statistics.pagesChanged &- before
  }

  /// Gives sinks that have seen nothing yet the picture as the last tick left it.
  mutating func presentToNewSinks() {
    present(false)
  }

  mutating func noteSleep() { counters.sleeps &+= 1 }
  mutating func noteWakeUp() { counters.wakeUps &+= 1 }

  /// The flusher was woken up from its sleep.
  mutating func noteAwakening() {
    counters.wakeUps &+= 1
    counters.lastAwakening = monotonicNanoseconds()
  }

  private mutating func compareAndPresent() -> Bool {
    let start = monotonicNanoseconds()
    counters.ticks &+= 1
    let generation = video.generation
    if generation != self.generation {
      self.generation = generation
      let mode = video.set(&tracker)
      if mode != unsupported { isUnsupportedTold = false }
      unsupported = mode
    }
    let words = pages.words
    let changed = unsafe tracker.update(
      dirtyPages: words.span, memory: UnsafeRawBufferPointer(video.memory.bytes))
    let changedPages = tracker.changedPages
    histories.record(changedPages: changedPages.span)
    let openPages = histories.openPages
    hot.replace(with: openPages.span)
    let restingPages = histories.restingPages
    resting.replace(with: restingPages.span)
    if changed { counters.ticksWithDamage &+= 1 }
    let end = monotonicNanoseconds()
    counters.compareTime &+= end &- start
    present(changed)
    return changed
  }

  private mutating func present(_ changed: Bool) {
    guard changed || sinks.contains(where: \.isNew) else { return }
    let start = monotonicNanoseconds()
    for index in sinks.indices.reversed() where changed || sinks[index].isNew {
      do {
        if sinks[index].isNew {
          let everything = Damage.full(width: tracker.frame.width, height: tracker.frame.height)
          try sinks[index].sink.present(tracker.frame, damage: everything)
          sinks[index].isNew = false
        } else {
          try sinks[index].sink.present(tracker.frame, damage: tracker.damage)
        }
      } catch {
        failure = failure ?? error
        sinks.remove(at: index)
      }
    }
    counters.sinkTime &+= monotonicNanoseconds() &- start
  }
}

/// Names a sink that is attached to a machine.
public struct SinkID: Hashable, Sendable {
  let number: Int
}
