/// The bounded queue of host input behind a UART's receiver.
///
/// Characters leave in two steps: ``deliver()`` hands one to the UART, and only when the guest has
/// read it from there (``commit(unread:)``) is its place free. So what a FIFO reset would discard
/// can be put back (``putBack()``): to the host it counts as not yet sent.
struct SerialInputQueue: Sendable {
  private var storage: [UInt8]
  /// Where the oldest undelivered byte is.
  private var head = 0
  /// Bytes not yet delivered.
  private(set) var count = 0
  /// Bytes delivered but not yet read by the guest; they lie just before ``head``.
  private var delivered = 0
  /// Whether more than half was held since the last low-water notice.
  private var wasAboveHalf = false

  init(capacity: Int) {
    storage = [UInt8](repeating: 0, count: max(1, capacity))
  }

  var isEmpty: Bool { count == 0 }
  var space: Int { storage.count - count - delivered }

  /// Appends as many bytes as there is space for, and returns how many.
  mutating func append(_ bytes: Span<UInt8>) -> Int {
    let accepted = min(space, bytes.count)
    var tail = wrapped(head + count)
    for offset in 0..<accepted {
      storage[tail] = bytes[offset]
      tail = wrapped(tail + 1)
    }
    count += accepted
    return accepted
  }

  /// The oldest undelivered byte, which counts as delivered from now on.
  mutating func deliver() -> UInt8? {
    guard count > 0 else { return nil }
    let byte = storage[head]
    head = wrapped(head + 1)
    count -= 1
    delivered += 1
    return byte
  }

  /// Forgets the delivered bytes but the `unread` newest, which the guest may not have read yet.
  mutating func commit(unread: Int) { delivered = min(delivered, max(0, unread)) }

  /// Makes all delivered bytes undelivered again.
  mutating func putBack() {
    head = wrapped(head - delivered + storage.count)
    count += delivered
    delivered = 0
  }

  /// Whether the queue has fallen to half or less after having been fuller; true once a fall.
  mutating func takeLowWaterNotice() -> Bool {
    let isAboveHalf = count + delivered > storage.count / 2
    defer { wasAboveHalf = isAboveHalf }
    return wasAboveHalf && !isAboveHalf
  }

  /// Indices stay below twice the capacity, so one subtraction wraps them.
  private func wrapped(_ index: Int) -> Int {
    index >= storage.count ? index - storage.count : index
  }

  /// Traps if the representation is inconsistent; for tests.
  func _checkInvariants() {
    precondition(storage.indices.contains(head))
    precondition(count >= 0 && delivered >= 0 && count + delivered <= storage.count)
  }
}
