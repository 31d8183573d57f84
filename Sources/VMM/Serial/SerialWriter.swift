public import Devices
import Glibc
import Synchronization
import SystemPackage

/// The host's end of a serial line: collects what the guest sends and writes it to a descriptor in
/// batches.
///
/// A batch ends with a newline, when the buffer is full, or when whoever runs the machine calls
/// ``flush()``, which it does within a tick of ``pending`` being raised. A descriptor that takes no
/// more holds up the vCPU that writes, and nothing else: that is the guest's backpressure.
public final class SerialWriter: ByteSink {
  /// What becomes of a machine whose output cannot be written.
  enum Failure {
    /// Nobody reads it any more (EPIPE).
    case closed
    case failed(Errno)

    var ending: Ending {
      switch self {
      case .closed: .outputClosed
      case .failed(let error):
        .failure(
          VMMError(.io, "serial output: \(error); make room for it or send it elsewhere"))
      }
    }
  }

  private struct State {
    var buffer: [UInt8] = []
    var isPending = false
    var endsLine = true
    var failure: Failure?
    var hasFailed: Bool { failure != nil }
  }

  private static let capacity = 4096
  private let state: Mutex<State>
  private let descriptor: FileDescriptor
  private let restEvent: EventDescriptor
  private let onFailure: @Sendable (Failure) -> Void

  /// Raised when bytes wait that no newline has sent yet.
  public let pending: EventDescriptor

  /// - Parameters:
  ///   - restEvent: While raised, no vCPU waits for the descriptor: what it takes no more is kept.
  ///   - onFailure: Called once; from then on bytes are dropped.
  init(
    descriptor: FileDescriptor, restEvent: EventDescriptor,
    onFailure: @escaping @Sendable (Failure) -> Void
  ) throws(VMMError) {
    self.descriptor = descriptor
    self.restEvent = restEvent
    self.onFailure = onFailure
    pending = try EventDescriptor()
    var initial = State()
    initial.buffer.reserveCapacity(Self.capacity)
    state = Mutex(initial)
  }

  /// Takes one byte from the guest. Called by vCPU threads.
  public func write(_ byte: UInt8) {
    state.withLock { state in
      state.buffer.append(byte)
      state.endsLine = byte == UInt8(ascii: "\n")
      if state.endsLine || state.buffer.count >= Self.capacity {
        drain(&state, .untilRest)
      }
      // A vCPU that is wanted at rest leaves the end of its line here.
      if !state.buffer.isEmpty, !state.isPending {
        state.isPending = true
        pending.signal()
      }
    }
  }

  /// Writes what has been collected, as far as the descriptor takes it at once.
  ///
  /// - Returns: Whether nothing is left. False, too, while a vCPU is being held up.
  public func flush() -> Bool {
    state.withLockIfAvailable { state in
      drain(&state, .never)
      return state.buffer.isEmpty
    } ?? false
  }

  /// Writes the rest after the machine has stopped, and waits for a slow reader.
  ///
  /// - Returns: How the run has ended after all if some output could not be written.
  @discardableResult
  public func finish() -> Ending? {
    state.withLock { state in
      drain(&state, .always)
      return state.failure?.ending
    }
  }

  /// Whether what follows starts a line: the last byte was a newline, or there was none.
  public var endsLine: Bool {
    state.withLock { $0.endsLine }
  }

  /// Whether to wait for a descriptor that takes no more.
  private enum Patience {
    case never
    case untilRest
    case always
  }

  private func drain(_ state: inout State, _ patience: Patience) {
    var done = 0
    while done < state.buffer.count, !state.hasFailed {
      // Where poll(2) reports room, a write of up to PIPE_BUF bytes does not block.
      let ready = wait(
        for: POLLOUT, on: descriptor, or: patience == .untilRest ? restEvent : nil,
        timeout: patience == .never ? 0 : -1)
      guard ready.events != 0 else {
        // poll(2) was interrupted if neither is true.
        if patience == .never || ready.woken { break }
        continue
      }
      let count = unsafe state.buffer.withUnsafeBytes { bytes in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...].prefix(Self.capacity))
        return unsafe Glibc.write(descriptor.rawValue, rest.baseAddress, rest.count)
      }
      if count >= 0 {
        done += count
        continue
      }
      let error = Errno(rawValue: errno)
      if error == .interrupted || error == .resourceTemporarilyUnavailable { continue }
      let failure = error == .brokenPipe ? Failure.closed : .failed(error)
      state.failure = failure
      onFailure(failure)
    }
    state.buffer.removeFirst(state.hasFailed ? state.buffer.count : done)
    if state.buffer.isEmpty { state.isPending = false }
  }
}
