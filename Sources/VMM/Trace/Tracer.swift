import Glibc
import Synchronization
import SystemPackage

/// Writes down what happens in a machine, a line an event, in the order in which it was recorded.
///
/// Recording copies a few words into a bounded buffer; a thread of the tracer's makes them text and
/// writes it. While that thread is behind, a vCPU waits, so that a trace of exits is complete, however
/// slow its reader. Who may hold a device's lock never waits: the second half of the buffer is for
/// those, and for a machine that stops. When that is full, too, events are dropped, and a line says how
/// many.
final class Tracer: Sendable {
  private struct State {
    var events: [TraceEvent] = []
    var dropped: UInt64 = 0
    /// Whether somebody waits for ``Tracer/room``.
    var isAwaited = false
    var isFinishing = false
    var failure: Errno?
    var thread: Thread?
  }

  private static let capacity = 1 << 15
  private static let patientCapacity = capacity / 2

  let categories: TraceCategories
  private let output: FileDescriptor
  private let stopEvent: EventDescriptor
  private let start = monotonicNanoseconds()
  private let state: Mutex<State>
  /// Raised when there is something to write.
  private let filled: EventDescriptor
  /// Raised when the buffer has been emptied for somebody who waits.
  private let room: EventDescriptor
  /// Raised when the rest is not to be written.
  private let abandoned: EventDescriptor

  /// - Parameter stopEvent: Once raised, no vCPU waits any more.
  init(_ configuration: TraceConfiguration, stopEvent: EventDescriptor) throws(VMMError) {
    categories = configuration.categories
    output = configuration.output
    self.stopEvent = stopEvent
    filled = try EventDescriptor()
    room = try EventDescriptor()
    abandoned = try EventDescriptor()
    var initial = State()
    initial.events.reserveCapacity(Self.capacity)
    state = Mutex(initial)
  }

  /// Lets events be recorded from now on.
  func begin() throws(VMMError) {
    try state.withLock { state throws(VMMError) in
      state.thread = try Thread(name: "trace") { [self] in run() }
    }
  }

  /// Writes what has been recorded, and waits for a slow reader. Events that come later are ignored.
  ///
  /// - Returns: What kept the trace from being written, if anything did.
  @discardableResult
  func finish() -> Errno? {
    let thread = state.withLock { state in
      state.isFinishing = true
      return state.thread
    }
    filled.signal()
    thread?.join()
    return state.withLock { $0.failure }
  }

  /// Ends the tracer; what cannot be written at once is lost.
  func abandon() {
    abandoned.signal()
    finish()
  }

  /// Records `event`.
  ///
  /// - Parameter mayWait: Whether the caller holds no lock, and waits while the writer is behind.
  func record(_ event: TraceEvent, mayWait: Bool) {
    var limit = mayWait ? Self.patientCapacity : Self.capacity
    while !append(event, limit: limit) {
      let woken = wait(for: POLLIN, on: room.descriptor, or: stopEvent).woken
      if woken { limit = Self.capacity }
    }
  }

  /// False if the caller must wait until there is room.
  private func append(_ event: TraceEvent, limit: Int) -> Bool {
    state.withLock { state in
      guard !state.isFinishing, state.failure == nil, state.thread != nil else { return true }
      guard state.events.count < limit else {
        if limit == Self.capacity {
          state.dropped &+= 1
          return true
        }
        room.clear()
        state.isAwaited = true
        return false
      }
      if state.events.isEmpty { filled.signal() }
      if state.dropped > 0 {
        state.events.append(
          TraceEvent(time: event.time, cpu: nil, rip: nil, kind: .dropped(state.dropped)))
        state.dropped = 0
      }
      state.events.append(event)
      return true
    }
  }
}

// MARK: - The thread

extension Tracer {
  private func run() {
    var events: [TraceEvent] = []
    events.reserveCapacity(Self.capacity)
    var text: [UInt8] = []
    while true {
      _ = wait(for: 0, on: nil, or: filled)
      filled.clear()
      let isLast = take(&events)
      for event in events {
        event.append(to: &text, since: start)
        if text.count >= 1 << 16 { write(&text) }
      }
      write(&text)
      if isLast { return }
    }
  }

  /// Exchanges the recorded events for an empty buffer. True if there will be no more.
  private func take(_ events: inout [TraceEvent]) -> Bool {
    events.removeAll(keepingCapacity: true)
    return state.withLock { state in
      swap(&state.events, &events)
      if state.isAwaited {
        state.isAwaited = false
        room.signal()
      }
      if state.isFinishing, state.dropped > 0 {
        events.append(
          TraceEvent(
            time: monotonicNanoseconds(), cpu: nil, rip: nil, kind: .dropped(state.dropped)))
        state.dropped = 0
      }
      return state.isFinishing
    }
  }

  private func write(_ text: inout [UInt8]) {
    defer { text.removeAll(keepingCapacity: true) }
    guard state.withLock({ $0.failure == nil }) else { return }
    var done = 0
    while done < text.count {
      // Where poll(2) reports room, a write of up to PIPE_BUF bytes does not block.
      let ready = wait(for: POLLOUT, on: output, or: abandoned)
      guard ready.events != 0 else {
        if ready.woken { return }
        continue
      }
      let count = unsafe text.withUnsafeBytes { bytes in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...].prefix(4096))
        return unsafe Glibc.write(output.rawValue, rest.baseAddress, rest.count)
      }
      if count >= 0 {
        done += count
        continue
      }
      let error = Errno(rawValue: errno)
      if error == .interrupted || error == .resourceTemporarilyUnavailable { continue }
      fail(error)
      return
    }
  }

  /// Stops to record, and lets nobody wait any more.
  private func fail(_ error: Errno) {
    state.withLock { state in
      state.failure = error
      state.events.removeAll(keepingCapacity: true)
      room.signal()
    }
  }
}
