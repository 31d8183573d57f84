import Devices
import Synchronization

/// A port that remembers what it could see whenever the guest wrote to it.
final class Recorder: PortIODevice {
  static let port: UInt16 = 0x5100

  private struct State {
    var observation: @Sendable () -> UInt64 = { 0 }
    var values: [UInt64] = []
  }

  private let state = Mutex(State())

  /// One value a write.
  var values: [UInt64] { state.withLock { $0.values } }

  /// What to look at.
  func observe(_ observation: @escaping @Sendable () -> UInt64) {
    state.withLock { $0.observation = observation }
  }

  func read(port: UInt16, size: Int) -> UInt32 { 0 }

  func write(port: UInt16, size: Int, value: UInt32) {
    state.withLock { $0.values.append($0.observation()) }
  }
}
