/// Where the bytes go that a guest transmits: a terminal, a file, a test's buffer.
///
/// Called on the thread of the virtual CPU that wrote the byte, and so by several at once if several
/// write: a sink does its own locking, which a lock in each device would only double. A sink that
/// blocks stops that virtual CPU, which is the only flow control an infinitely fast line has, so it
/// should not block for long.
public protocol ByteSink: AnyObject, Sendable {
  /// Takes one transmitted byte.
  func write(_ byte: UInt8)
}
