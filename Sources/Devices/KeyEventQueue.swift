/// The bounded queue of keys that wait to be pressed and released, one after the other.
struct KeyEventQueue: Sendable {
  struct Event: Equatable, Sendable {
    var key: Key
    var isPress: Bool
  }

  private var storage: [Event]
  private var head = 0
  private(set) var count = 0

  init(capacity: Int) {
    storage = [Event](
      repeating: Event(key: .spacebar, isPress: false), count: max(4, capacity))
  }

  var isEmpty: Bool { count == 0 }

  /// How many more events fit.
  var space: Int { storage.count - count }

  /// Adds an event at the end.
  ///
  /// - Returns: Whether there was room.
  @discardableResult
  mutating func append(_ key: Key, isPress: Bool) -> Bool {
    guard count < storage.count else { return false }
    storage[(head + count) % storage.count] = Event(key: key, isPress: isPress)
    count += 1
    return true
  }

  /// Adds a key pressed and released, within Shift or not; all of it or nothing.
  ///
  /// - Returns: Whether there was room.
  mutating func appendKeystroke(_ key: Key, isShifted: Bool) -> Bool {
    guard storage.count - count >= (isShifted ? 4 : 2) else { return false }
    if isShifted { append(.leftShift, isPress: true) }
    append(key, isPress: true)
    append(key, isPress: false)
    if isShifted { append(.leftShift, isPress: false) }
    return true
  }

  /// Removes the oldest event.
  mutating func popFirst() -> Event? {
    guard count > 0 else { return nil }
    defer {
      head = (head + 1) % storage.count
      count -= 1
    }
    return storage[head]
  }

  mutating func removeAll() {
    head = 0
    count = 0
  }

  /// Traps if the representation is inconsistent; for tests.
  func _checkInvariants() {
    precondition(storage.indices.contains(head) && (0...storage.count).contains(count))
  }
}
