import Devices
import Display
import Glibc
import KVM
import Synchronization

/// Takes what the guest drew to the sinks: polls the dirty log while the machine runs, and takes
/// the exact last frame once it has stopped.
final class Flusher: Sendable {
  private struct State: ~Copyable {
    var tracker = FrameTracker()
    var pages: DirtyBitmap
    var sinks: [any FrameSink & Sendable]
    /// The first error of a sink or of the log; a sink that failed is not asked again.
    var failure: (any Error)?
    var generation: UInt64?
  }

  private let video: VideoAdapter
  private let state: Mutex<State>
  private let framesPerSecond: Int
  private let control: RunControl
  private let thread = Mutex<Thread?>(nil)

  init(
    video: VideoAdapter, sinks: [any FrameSink & Sendable], framesPerSecond: Int,
    control: RunControl
  ) {
    self.video = video
    self.framesPerSecond = framesPerSecond
    self.control = control
    state = Mutex(State(pages: DirtyBitmap(pageCount: video.log.pageCount), sinks: sinks))
  }

  /// Starts to poll, unless nobody looks.
  func start() throws(VMMError) {
    guard state.withLock({ !$0.sinks.isEmpty }) else { return }
    try thread.withLock { thread throws(VMMError) in
      thread = try Thread(name: "flusher") { [self] in poll() }
    }
  }

  /// Waits until the polling has ended, which it does when the machine stops.
  func join() {
    let thread = thread.withLock { $0 }
    thread?.join()
  }

  /// Takes the last frame to the sinks once every vCPU has stopped, unless nobody looks.
  func finish() {
    guard state.withLock({ !$0.sinks.isEmpty }) else { return }
    flush()
  }

  /// One harvest and what follows from it. While vCPUs run the picture is a lower bound (R2); once
  /// all have stopped it is exact (R3).
  func flush() {
    state.withLock { state in
      do {
        // R1: the pages are re-armed when this returns, and only then read.
        try video.log.harvest(into: &state.pages)
      } catch {
        state.failure = state.failure ?? error
        return
      }
      let generation = video.display.generation
      if generation != state.generation {
        state.generation = generation
        let (mode, palette) = video.currentMode()
        state.tracker.setMode(mode, palette: palette)
      }
      let words = state.pages.words
      let changed = unsafe state.tracker.update(
        dirtyPages: words.span, memory: UnsafeRawBufferPointer(video.memory.bytes))
      if changed { Self.present(&state) }
    }
  }

  /// Lends the shadow as the last ``flush()`` left it.
  func withFrame<Result, Failure: Error>(
    _ body: (borrowing Frame) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try state.withLock { state throws(Failure) in try body(state.tracker.frame) }
  }

  /// A copy of `bytes` of video memory; nil unless all of them are.
  func readVideoMemory(_ bytes: Range<Int>) -> [UInt8]? {
    guard bytes.lowerBound >= 0, bytes.upperBound <= video.memory.size else { return nil }
    return unsafe [UInt8](UnsafeRawBufferPointer(rebasing: video.memory.bytes[bytes]))
  }

  var statistics: FrameStatistics {
    state.withLock { $0.tracker.statistics }
  }

  /// The first error of the log or of a sink.
  var failure: (any Error)? {
    state.withLock { $0.failure }
  }

  private func poll() {
    let interval = 1_000_000_000 / UInt64(framesPerSecond)
    var deadline = monotonicNanoseconds()
    while true {
      deadline += interval
      let now = monotonicNanoseconds()
      // A late tick is not made up for.
      if deadline < now { deadline = now }
      guard !control.stopEvent.wait(until: deadline) else { return }
      flush()
    }
  }

  private static func present(_ state: inout State) {
    for index in state.sinks.indices.reversed() {
      do {
        try state.sinks[index].present(state.tracker.frame, damage: state.tracker.damage)
      } catch {
        state.failure = state.failure ?? error
        state.sinks.remove(at: index)
      }
    }
  }
}
