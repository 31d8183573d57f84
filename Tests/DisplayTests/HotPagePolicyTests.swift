import Display
import TestSupport
import Testing

/// When a page is left open, and when it is armed again.
@Suite(.timeLimit(.minutes(5)))
struct HotPagePolicyTests {
  /// Whether a page is open after each tick, `+` for one that changed it and `-` for one that did
  /// not.
  private func states(_ ticks: String, _ policy: HotPagePolicy) -> String {
    var history = HotPagePolicy.History()
    return String(
      ticks.map { tick -> Character in
        history = policy.next(history, changed: tick == "+")
        return history.isOpen ? "o" : "a"
      })
  }

  @Test(
    "a page opens after so many changes, none long after the other, and closes once it is quiet",
    arguments: [
      ("----", "aaaa"), ("+", "a"), ("++", "ao"), ("-++", "aao"),
      ("+-+", "aao"), ("+--+", "aaaa"), ("+--++", "aaaao"), ("+-+-+---", "aaoooooa"),
      ("++-", "aoo"), ("++--", "aooo"), ("++---", "aoooa"), ("++--+--+", "aooooooo"),
      ("++--+---", "aooooooa"), ("++---+", "aoooaa"), ("++---++", "aoooaao"),
      ("++---+-++", "aoooaaaoo"),
    ])
  func table(ticks: String, expected: String) {
    let policy = HotPagePolicy(openAfter: 2, forgetAfter: 2, closeAfter: 3)
    #expect(states(ticks, policy) == expected)
  }

  @Test("limits below 1 count as 1: then a page is open as long as it changes")
  func leastLimits() {
    let policy = HotPagePolicy(openAfter: 0, forgetAfter: 0, closeAfter: 0, pressure: -1)
    #expect(policy.openAfter == 1 && policy.forgetAfter == 1 && policy.closeAfter == 1)
    #expect(policy.pressure == 0)
    #expect(states("++--+-", policy) == "ooaaoa")
  }

  @Test("the largest limits are reached, not wrapped around")
  func largestLimits() {
    let policy = HotPagePolicy(openAfter: .max, closeAfter: .max)
    let opens = states(String(repeating: "+", count: 300), policy)
    #expect(opens == String(repeating: "a", count: 254) + String(repeating: "o", count: 46))
    let closes = states(
      String(repeating: "+", count: 255) + String(repeating: "-", count: 300), policy)
    #expect(closes.dropFirst(254).prefix { $0 == "o" }.count == 255)
  }

  @Test("a page that changes every few ticks stays open, one that changes seldom stays armed")
  func noFlapping() {
    let policy = HotPagePolicy(openAfter: 2, forgetAfter: 4, closeAfter: 16)
    let often = states(String(repeating: "+---", count: 50), policy)
    #expect(!often.dropFirst(4).contains("a"))
    #expect(!states(String(repeating: "+----", count: 50), policy).contains("o"))
  }

  @Test("under pressure one change opens a page, for four times as long")
  func pressure() {
    let policy = HotPagePolicy(openAfter: 2, closeAfter: 3)
    var history = policy.next(.init(), changed: true, isUnderPressure: true)
    #expect(history.isOpen)
    for tick in 1...12 {
      history = policy.next(history, changed: false, isUnderPressure: true)
      #expect(history.isOpen == (tick < 12))
    }
    #expect(history == .init())
    history = policy.next(.init(), changed: true, isUnderPressure: true)
    history = policy.next(history, changed: true)
    for tick in 1...3 {
      history = policy.next(history, changed: false)
      #expect(history.isOpen == (tick < 3), "a second change has proved it")
    }
  }

  @Test("an open page rests at every second tick while it is quiet, and never right after a change")
  func rest() {
    let policy = HotPagePolicy(openAfter: 1, closeAfter: 6)
    var history = HotPagePolicy.History()
    let rests = "+-----+-+--------".map { tick -> Character in
      history = policy.next(history, changed: tick == "+")
      return history.rests ? "r" : "-"
    }
    #expect(String(rests) == "-r-r-r-r-r-r-r---")
  }

  @Test("an armed page never rests: its report is compared at once")
  func armedPagesDoNotRest() {
    let policy = HotPagePolicy(openAfter: 3, forgetAfter: 8)
    var history = policy.next(.init(), changed: true)
    for _ in 0..<7 {
      history = policy.next(history, changed: false)
      #expect(!history.isOpen && !history.rests)
    }
  }

  @Test("pressure is more armed pages changing in one tick than the limit; open ones do not count")
  func pressureIsCounted() {
    var pages = PageHistories(pageCount: 192, policy: HotPagePolicy(pressure: 64))
    pages.record(changedPages: [.max].span)
    #expect(pages.openCount == 0, "64 are not more than 64")
    pages.record(changedPages: [.max, .max].span)
    #expect(pages.openCount == 128, "half of them for the second time, the others under pressure")
    pages.record(changedPages: [.max, .max, .max].span)
    #expect(pages.openCount == 128, "only 64 of them were armed")
  }

  @Test(
    "the set of open pages is what each page's history says", arguments: 0..<40 as Range<UInt64>)
  func pagesAreIndependent(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let pageCount = [1, 63, 64, 65, 200].randomElement(using: &random) ?? 1
    let policy = HotPagePolicy(
      openAfter: .random(in: 1...4, using: &random), closeAfter: .random(in: 1...6, using: &random),
      pressure: .max)
    var pages = PageHistories(pageCount: pageCount, policy: policy)
    var histories = [HotPagePolicy.History](repeating: .init(), count: pageCount)
    var everChanged: Set<Int> = []
    for tick in 0..<60 {
      var changed = [UInt64](repeating: 0, count: (pageCount + 63) / 64)
      // Pages of all temperatures, and quiet ticks.
      for page in 0..<pageCount where Int.random(in: 0..<8, using: &random) < page % 9 - tick % 3 {
        changed[page / 64] |= 1 << UInt64(page % 64)
        everChanged.insert(page)
      }
      if (20..<30).contains(tick) { changed = changed.map { _ in 0 } }
      pages.record(changedPages: changed.span)
      for page in 0..<pageCount {
        let bit = changed[page / 64] >> UInt64(page % 64) & 1
        histories[page] = policy.next(histories[page], changed: bit == 1)
      }
      let open = (0..<pageCount).filter { pages.openPages[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
      let comment: Comment = "seed \(seed), tick \(tick)"
      #expect(open == (0..<pageCount).filter { histories[$0].isOpen }, comment)
      #expect(pages.openCount == open.count, comment)
      let resting = (0..<pageCount).filter {
        pages.restingPages[$0 / 64] >> UInt64($0 % 64) & 1 == 1
      }
      #expect(resting == (0..<pageCount).filter { histories[$0].rests }, comment)
      #expect(everChanged.isSuperset(of: open), "\(comment): a page opened that never changed")
    }
  }

  @Test("no pages, and words beyond the last page, do no harm")
  func bounds() {
    var none = PageHistories(pageCount: 0)
    none.record(changedPages: [UInt64.max].span)
    #expect(none.openCount == 0 && none.openPages.isEmpty)
    let negative = PageHistories(pageCount: -1)
    #expect(negative.openPages.isEmpty)
    var few = PageHistories(pageCount: 3, policy: HotPagePolicy(openAfter: 1))
    few.record(changedPages: [0b101, .max].span)
    #expect(few.openCount == 2)
    few.record(changedPages: [UInt64]().span)
    #expect(few.openCount == 2, "a report of no words says nothing")
    #expect(!few.isQuiet)
    for _ in 0..<255 { few.record(changedPages: [0].span) }
    #expect(few.openCount == 0 && few.isQuiet, "every history ends")
  }
}
