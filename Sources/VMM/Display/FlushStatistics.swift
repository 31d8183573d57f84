public import Display

/// What the flusher has done, in total. Per tick: divide by ``ticks``.
public struct FlushStatistics: Equatable, Sendable {
  /// Harvests, each with a comparison.
  public internal(set) var ticks: UInt64 = 0
  /// Ticks that found damage.
  public internal(set) var ticksWithDamage: UInt64 = 0
  /// Time spent in the dirty log's calls, nanoseconds.
  public internal(set) var harvestTime: UInt64 = 0
  /// Time spent comparing and copying, nanoseconds.
  public internal(set) var compareTime: UInt64 = 0
  /// Time spent in sinks, nanoseconds.
  public internal(set) var sinkTime: UInt64 = 0
  /// Pages armed again.
  public internal(set) var pagesRearmed: UInt64 = 0
  /// Pages that are open now.
  public internal(set) var pagesOpen: UInt64 = 0
  /// Pages that the last harvest found changed after all vCPUs had stopped: what the live picture
  /// had not seen yet.
  public internal(set) var lateCorrections: UInt64 = 0
  /// Times that the flusher went to sleep until the next store or input.
  public internal(set) var sleeps: UInt64 = 0
  /// Times that the flusher's thread woke up, for whatever reason.
  public internal(set) var wakeUps: UInt64 = 0
  /// Modes that the guest has set on the VGA and that cannot be shown.
  public internal(set) var unsupportedModes: UInt64 = 0
  /// When the flusher last woke up from a sleep, nanoseconds on the monotonic clock.
  package internal(set) var lastAwakening: UInt64 = 0
  /// Pages, scanlines and bytes.
  public internal(set) var frames = FrameStatistics()

  /// The share of reported pages that had not visibly changed; 0 if none was reported.
  public var falsePositiveRatio: Double {
    guard frames.pagesVisible > 0 else { return 0 }
    return 1 - Double(frames.pagesChanged) / Double(frames.pagesVisible)
  }
}
