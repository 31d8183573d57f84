import Devices
import Synchronization

/// Register offsets by their names in the datasheet.
enum Reg {
  static let rbr: UInt8 = 0, thr: UInt8 = 0, dll: UInt8 = 0
  static let ier: UInt8 = 1, dlm: UInt8 = 1
  static let iir: UInt8 = 2, fcr: UInt8 = 2
  static let lcr: UInt8 = 3, mcr: UInt8 = 4, lsr: UInt8 = 5, msr: UInt8 = 6, scr: UInt8 = 7
}

/// An interrupt line that remembers every change.
final class RecordingLine: InterruptLine {
  private let levels = Mutex<[Bool]>([])

  func set(_ asserted: Bool) { levels.withLock { $0.append(asserted) } }

  var history: [Bool] { levels.withLock { $0 } }
  var isAsserted: Bool { history.last ?? false }
  var risingEdges: Int { history.count { $0 } }

  /// Returns what was recorded since the last call.
  func take() -> [Bool] {
    levels.withLock { levels in
      defer { levels = [] }
      return levels
    }
  }
}

/// A sink that remembers every byte.
final class RecordingSink: ByteSink {
  private let buffer = Mutex<[UInt8]>([])

  func write(_ byte: UInt8) { buffer.withLock { $0.append(byte) } }

  var bytes: [UInt8] { buffer.withLock { $0 } }
}

/// A counter that closures may share.
final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  func increment() { value.add(1, ordering: .sequentiallyConsistent) }
  var count: Int { value.load(ordering: .sequentiallyConsistent) }
}

/// By how much the random steps are multiplied: a million or two in all, and in an optimised build,
/// which takes millions a second, tens of millions.
#if DEBUG
  let effort = 1
#else
  let effort = 20
#endif

extension UART16550 {
  /// Everything the transmitter holds.
  mutating func transmitAll() -> [UInt8] {
    var sent: [UInt8] = []
    while let character = transmit() { sent.append(character) }
    return sent
  }

  /// Everything the receiver holds, read the way a driver does.
  mutating func readAll() -> [UInt8] {
    var characters: [UInt8] = []
    while read(Reg.lsr) & 0x01 != 0 { characters.append(read(Reg.rbr)) }
    return characters
  }
}

extension SerialPort {
  func read(_ register: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: read(port: ports.lowerBound + UInt16(register), size: 1))
  }

  func write(_ register: UInt8, _ value: UInt8) {
    write(port: ports.lowerBound + UInt16(register), size: 1, value: UInt32(value))
  }

  @discardableResult
  func enqueue(_ bytes: [UInt8]) -> Int { enqueue(bytes.span) }

  /// Reads as long as LSR says that there is data.
  func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    while read(Reg.lsr) & 0x01 != 0 { bytes.append(read(Reg.rbr)) }
    return bytes
  }
}
