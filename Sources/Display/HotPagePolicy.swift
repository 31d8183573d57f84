/// Decides for each page whether the dirty log should be armed again after a harvest, or whether the
/// page is better left open: writable, and compared at every tick.
///
/// Arming costs the guest a fault at its next write, some 10 us; comparing a page costs the host some
/// 0.3 us a tick. So a page that is written again and again should stay open, and one that is written
/// once, or seldom, should be armed.
///
/// A page is opened once it has changed ``openAfter`` times, with at most ``forgetAfter`` - 1 quiet
/// ticks in between, and armed again once it has been found unchanged in ``closeAfter`` ticks running.
/// Then it has to earn its place again, so a page on the verge does not flap.
///
/// When more than ``pressure`` armed pages have changed in one tick, the guest is busy with faults. It
/// may then get round to each page so seldom that none would ever be opened. So one change is enough.
/// The page then stays open for four times as long, while comparing it costs the host about as much as
/// arming it costs the guest: a redraw that is slow because of its faults must come round again in that time.
///
/// A decision is made *before* the page is read, since arming must precede reading (R1), and so from
/// what earlier ticks have seen.
public struct HotPagePolicy: Sendable {
  /// What is known of one page. Three bytes, so that thousands of pages cost nothing.
  public struct History: Equatable, Sendable {
    /// Whether the page is to be left open.
    public internal(set) var isOpen = false
    /// How many times the page has changed of late; 0 forgets the page.
    var changes: UInt8 = 0
    /// How many ticks ago it changed last.
    var quietTicks: UInt8 = 0

    /// A page that has not been written.
    public init() {}

    /// Whether the page is open, but need not be compared in the next tick: it was quiet in this one.
    /// What is stored on it meanwhile is seen one tick later.
    public var rests: Bool { isOpen && !quietTicks.isMultiple(of: 2) }
  }

  /// Changes after which a page is left open.
  public let openAfter: UInt8
  /// Ticks running without a change after which an armed page is as if it had never changed.
  public let forgetAfter: UInt8
  /// Ticks running without a change after which an open page is armed.
  public let closeAfter: UInt8
  /// Armed pages that change in one tick without the guest being slowed down much: their faults take
  /// it less than a millisecond.
  public let pressure: Int

  /// - Parameters:
  ///   - openAfter: At least 1.
  ///   - forgetAfter: At least 1.
  ///   - closeAfter: At least 1.
  ///   - pressure: At least 0.
  public init(
    openAfter: UInt8 = 2, forgetAfter: UInt8 = 4, closeAfter: UInt8 = 8, pressure: Int = 64
  ) {
    self.openAfter = max(1, openAfter)
    self.forgetAfter = max(1, forgetAfter)
    self.closeAfter = max(1, closeAfter)
    self.pressure = max(0, pressure)
  }

  /// The history of a page after one more tick.
  ///
  /// - Parameters:
  ///   - changed: Whether the tick found the page changed. A page that was reported but had not
  ///     changed counts as unchanged: opening it would gain nothing.
  ///   - isUnderPressure: Whether more than ``pressure`` armed pages have changed in this tick.
  public func next(
    _ history: History, changed: Bool, isUnderPressure: Bool = false
  ) -> History {
    var next = history
    if changed {
      next.quietTicks = 0
      if next.changes < openAfter { next.changes += 1 }
      if isUnderPressure || next.changes >= openAfter { next.isOpen = true }
    } else if history != History() {
      next.quietTicks += 1
      if next.quietTicks >= patience(with: next) { next = History() }
    }
    return next
  }

  /// How many quiet ticks end a history.
  private func patience(with history: History) -> UInt8 {
    guard history.isOpen else { return forgetAfter }
    let isProved = history.changes >= openAfter
    return isProved ? closeAfter : UInt8(clamping: 4 * Int(closeAfter))
  }
}

/// The histories of all pages of a video memory, and the set of pages to be left open.
public struct PageHistories: Sendable {
  /// The pages to be left open, one bit each, in the layout of a dirty bitmap.
  public private(set) var openPages: [UInt64]
  /// How many they are.
  public private(set) var openCount = 0
  /// The open pages that need not be compared in the next tick (``HotPagePolicy/History/rests``).
  public private(set) var restingPages: [UInt64]

  private let policy: HotPagePolicy
  private var histories: [HotPagePolicy.History]
  /// Pages with a history to be continued, whether they are reported or not.
  private var activePages: [UInt64]
  private var activeCount = 0

  public init(pageCount: Int, policy: HotPagePolicy = HotPagePolicy()) {
    let words = (max(0, pageCount) + 63) / 64
    self.policy = policy
    openPages = [UInt64](repeating: 0, count: words)
    activePages = openPages
    restingPages = openPages
    histories = [HotPagePolicy.History](repeating: .init(), count: words * 64)
  }

  /// Whether no page has a history, so that a tick without changes has nothing to continue.
  public var isQuiet: Bool { activeCount == 0 }

  /// Continues the histories by one tick. Costs a scan of the words, and a step for each page that
  /// changed or has changed lately.
  ///
  /// - Parameter changedPages: The pages that the tick found changed.
  public mutating func record(changedPages: Span<UInt64>) {
    var faults = 0
    for index in 0..<min(changedPages.count, openPages.count) {
      faults += (changedPages[index] & ~openPages[index]).nonzeroBitCount
    }
    let isUnderPressure = faults > policy.pressure
    for index in 0..<min(changedPages.count, activePages.count) {
      let changed = changedPages[index]
      var pages = changed | activePages[index]
      while pages != 0 {
        let bit = pages & (0 &- pages)
        let page = index * 64 + pages.trailingZeroBitCount
        pages &= pages &- 1
        let history = policy.next(
          histories[page], changed: changed & bit != 0, isUnderPressure: isUnderPressure)
        histories[page] = history
        set(bit, ofWord: index, isOpen: history.isOpen, isActive: history != .init())
        if history.rests { restingPages[index] |= bit } else { restingPages[index] &= ~bit }
      }
    }
  }

  private mutating func set(_ bit: UInt64, ofWord index: Int, isOpen: Bool, isActive: Bool) {
    let wasActive = activePages[index] & bit != 0
    if wasActive != isActive {
      activePages[index] ^= bit
      activeCount += isActive ? 1 : -1
    }
    let wasOpen = openPages[index] & bit != 0
    guard wasOpen != isOpen else { return }
    openPages[index] ^= bit
    openCount += isOpen ? 1 : -1
  }
}
