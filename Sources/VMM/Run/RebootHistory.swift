/// Tells a guest that reboots now and then from one that does nothing else.
struct RebootHistory: Sendable {
  /// A guest that lives no longer than this was broken at its start, nanoseconds.
  static let shortLife: UInt64 = 100_000_000
  /// After so many short lives in a row, each ended by a triple fault, it is given up.
  static let maximumShortLives = 3

  /// Resets so far.
  private(set) var count: UInt64 = 0
  private var shortLives = 0
  private var start: UInt64

  /// - Parameter start: When the guest started, nanoseconds on the monotonic clock.
  init(start: UInt64) {
    self.start = start
  }

  /// The guest has started, for the first time or again.
  mutating func noteStart(at now: UInt64) {
    start = now
  }

  /// The guest starts once more.
  mutating func noteReset(at now: UInt64) {
    count &+= 1
    start = now
  }

  /// The guest asks for a reset. False if another one would be of no use.
  ///
  /// - Parameter isTripleFault: Whether it asks by dying.
  mutating func noteRequest(isTripleFault: Bool, at now: UInt64) -> Bool {
    shortLives = isTripleFault && now &- start < Self.shortLife ? shortLives + 1 : 0
    return shortLives < Self.maximumShortLives
  }
}
