import Devices
import Synchronization

/// A list of what was reset.
final class ResetLog: Sendable {
  private let log = Mutex<[ResetCause]>([])
  func append(_ cause: ResetCause) { log.withLock { $0.append(cause) } }
  var causes: [ResetCause] { log.withLock { $0 } }
}

/// A keyboard controller on a board, and a guest that uses it as drivers do.
struct KeyboardControllerBoard {
  let irq1 = RecordingLine()
  let irq12 = RecordingLine()
  let a20 = A20Gate()
  let clock = ManualClock()
  let resets = ResetLog()
  let controller: KeyboardController8042

  init() {
    controller = KeyboardController8042(
      keyboardInterrupt: irq1, mouseInterrupt: irq12, a20: a20, clock: clock.device,
      onReset: { [resets] in resets.append($0) })
  }

  var status: UInt8 { UInt8(truncatingIfNeeded: controller.read(port: 0x64, size: 1)) }
  var hasData: Bool { status & 0x01 != 0 }
  func data() -> UInt8 { UInt8(truncatingIfNeeded: controller.read(port: 0x60, size: 1)) }
  func writeCommand(_ command: UInt8) {
    controller.write(port: 0x64, size: 1, value: UInt32(command))
  }
  func writeData(_ byte: UInt8) { controller.write(port: 0x60, size: 1, value: UInt32(byte)) }

  /// Reads while there is something, as Linux's `i8042_flush`, but without its limit.
  func readAll() -> [UInt8] {
    var bytes: [UInt8] = []
    while hasData, bytes.count < 100_000 { bytes.append(data()) }
    return bytes
  }

  /// A command of the controller's, the byte it takes, and all that it answers.
  func call(_ command: UInt8, _ argument: UInt8? = nil) -> [UInt8] {
    writeCommand(command)
    if let argument { writeData(argument) }
    return readAll()
  }

  /// Sends bytes to the keyboard, and returns what the guest gets for them.
  func keyboard(_ bytes: UInt8...) -> [UInt8] {
    bytes.flatMap { byte in
      writeData(byte)
      return readAll()
    }
  }

  /// Sends bytes to the mouse, and returns what the guest gets for them.
  func mouse(_ bytes: UInt8...) -> [UInt8] { bytes.flatMap { call(0xD4, $0) } }
}

extension PS2Keyboard {
  /// Sends bytes, each after the answer to the one before has been taken.
  mutating func answers(to bytes: UInt8...) -> [UInt8] {
    var answers: [UInt8] = []
    for byte in bytes {
      receive(byte)
      answers += transmitAll()
    }
    return answers
  }

  mutating func transmitAll() -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = transmit() { bytes.append(byte) }
    return bytes
  }

  /// What pressing and releasing a key sends.
  mutating func codes(of key: Key) -> (make: [UInt8], break: [UInt8]) {
    press(key)
    let make = transmitAll()
    release(key)
    return (make, transmitAll())
  }
}

extension PS2Mouse {
  /// Sends bytes, each after the answer to the one before has been taken.
  mutating func answers(to bytes: UInt8...) -> [UInt8] {
    var answers: [UInt8] = []
    for byte in bytes {
      receive(byte)
      answers += transmitAll()
    }
    return answers
  }

  mutating func transmitAll() -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < 100_000, let byte = transmit() { bytes.append(byte) }
    return bytes
  }
}
