/// Where the bytes go that a guest transmits: a terminal, a file, a test's buffer.
///
/// Called on the thread of the virtual CPU that wrote the byte. A device never calls its sink twice
/// at the same time and calls it in the order of the guest's writes; a sink that several devices
/// share does its own locking. A sink that blocks stops that virtual CPU, which is the only flow
/// control an infinitely fast line has, so it should not block for long.
public protocol ByteSink: AnyObject, Sendable {
  /// Takes one transmitted byte.
  func write(_ byte: UInt8)
}
