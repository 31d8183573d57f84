import Display
import KVM

/// The host's side of a ``DirtyLogStress``: harvests, copies, and keeps count of what comes late and
/// what does not come at all.
struct StressObserver: ~Copyable {
  private let machine: StressMachine
  private let order: DirtyLogStress.Order
  private let consumer: DirtyLog.Consumer
  private var generator = SystemRandomNumberGenerator()

  /// Changed before the harvest began.
  private var changed: DirtyBitmap
  private var reported: DirtyBitmap
  private var copied: DirtyBitmap
  private var hot: DirtyBitmap
  /// nil in the rounds that re-arm every page.
  private var histories: PageHistories?
  /// For each page, how many harvests in a row have missed it.
  private var lateness: [UInt64]

  private(set) var outcome = StressOutcome()

  init(_ machine: StressMachine, order: DirtyLogStress.Order) {
    self.machine = machine
    self.order = order
    consumer = machine.log.attach()
    changed = DirtyBitmap(pageCount: machine.log.pageCount)
    (reported, copied, hot) = (changed, changed, changed)
    lateness = Array(repeating: 0, count: machine.log.pageCount)
  }

  /// The length of the next round in nanoseconds: random, so that stops fall anywhere.
  mutating func nextRoundLength() -> UInt64 {
    UInt64.random(in: 10_000_000...100_000_000, using: &generator)
  }

  /// Every other round leaves hot pages open, each with another policy, so that pages are opened and
  /// armed again all the time.
  mutating func beginRound() {
    hot.removeAll()
    histories =
      outcome.stops % 2 == 0
      ? nil
      : PageHistories(
        pageCount: machine.log.pageCount,
        policy: HotPagePolicy(
          openAfter: .random(in: 1...3, using: &generator),
          closeAfter: .random(in: 1...16, using: &generator)))
  }

  /// One tick of the running machine.
  mutating func step() throws(KVMError) {
    switch order {
    case .harvestFirst:
      observeChanges()
      try harvest()
      countLateReports()
      copyReported()
    case .copyFirst:
      // All of it, since nothing is known yet. A store from here to the harvest is not in the copy,
      // and its report is consumed.
      copyAll()
      observeChanges()
      try harvest()
      countLateReports()
    }
    outcome.harvests &+= 1
  }

  /// The last harvest, after all vCPUs have stopped, and the comparison (R3).
  mutating func finishRound() throws(KVMError) {
    try harvest()
    copyReported()
    for page in lateness.indices {
      if lateness[page] > 0, reported[page] { outcome.lateAtStop &+= 1 }
      lateness[page] = 0
      guard !machine.memory.isEqual(page) else { continue }
      outcome.lostPages &+= 1
      // Count it once.
      _ = machine.memory.takeOver(page)
    }
    outcome.stops &+= 1
    outcome.stores = machine.memory.stores
  }

  private mutating func observeChanges() {
    changed.removeAll()
    for page in lateness.indices where machine.memory.hasChanged(page) { changed.insert(page) }
  }

  private mutating func harvest() throws(KVMError) {
    try machine.log.harvest(leavingOpen: hot)
    machine.log.take(consumer, into: &reported)
    outcome.pagesReported &+= UInt64(reported.count)
  }

  private mutating func countLateReports() {
    for page in lateness.indices {
      guard changed[page], !reported[page] else {
        lateness[page] = 0
        continue
      }
      lateness[page] &+= 1
      outcome.lateReports &+= 1
      outcome.longestLateness = max(outcome.longestLateness, lateness[page])
    }
  }

  private mutating func copyReported() {
    copied.removeAll()
    reported.forEachRun { pages in
      for page in pages where machine.memory.takeOver(page) { copied.insert(page) }
    }
    leaveHotPagesOpen()
  }

  private mutating func copyAll() {
    copied.removeAll()
    for page in lateness.indices where machine.memory.takeOver(page) { copied.insert(page) }
    leaveHotPagesOpen()
  }

  private mutating func leaveHotPagesOpen() {
    guard histories != nil else { return }
    let words = copied.words
    histories?.record(changedPages: words.span)
    if let openPages = histories?.openPages { hot.replace(with: openPages.span) }
  }
}
