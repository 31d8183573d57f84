import Synchronization

/// A place for a value that is made once, later than its owner.
final class OnceBox<Value: Sendable>: Sendable {
  private let storage = Mutex<Value?>(nil)

  var value: Value? {
    storage.withLock { $0 }
  }

  func set<Failure: Error>(_ make: () throws(Failure) -> Value) throws(Failure) {
    try storage.withLock { storage throws(Failure) in
      storage = try make()
    }
  }
}
