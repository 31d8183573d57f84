import Testing

@testable import VMM

@Suite("Reboots", .timeLimit(.minutes(5)))
struct RebootHistoryTests {
  private static let second: UInt64 = 1_000_000_000

  /// Whether each of the guest's lives, in nanoseconds, may be followed by another.
  private func verdicts(_ lives: [(length: UInt64, isTripleFault: Bool)]) -> [Bool] {
    var history = RebootHistory(start: 0)
    var now = Self.second
    history.noteStart(at: now)
    return lives.map { length, isTripleFault in
      now += length
      let isUseful = history.noteRequest(isTripleFault: isTripleFault, at: now)
      history.noteReset(at: now)
      return isUseful
    }
  }

  @Test("the third short life in a row that a triple fault ends is the last")
  func thirdInARow() {
    #expect(verdicts(Array(repeating: (1, true), count: 3)) == [true, true, false])
  }

  @Test("a longer life starts the count again")
  func longLife() {
    let limit = RebootHistory.shortLife
    #expect(
      verdicts([(1, true), (1, true), (limit, true), (1, true), (limit - 1, true), (1, true)])
        == [true, true, true, true, true, false])
  }

  @Test("a guest that asks for its reset may do so as often as it likes")
  func orderly() {
    #expect(verdicts(Array(repeating: (1, false), count: 10)) == Array(repeating: true, count: 10))
    #expect(verdicts([(1, true), (1, true), (1, false), (1, true)]) == [true, true, true, true])
  }

  @Test("resets are counted, whoever asked for them")
  func count() {
    var history = RebootHistory(start: 0)
    history.noteReset(at: 1)
    history.noteReset(at: 2)
    #expect(history.count == 2)
  }
}
