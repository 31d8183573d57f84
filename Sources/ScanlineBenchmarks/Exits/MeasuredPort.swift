import Devices
import VMM

/// The ports whose exits are measured: the cheapest and the dearest way through the bus.
enum MeasuredPort: UInt16, CaseIterable {
  case unclaimed = 0x80
  case debugConsole = 0xE9
  case serial = 0x3F8

  var label: String {
    switch self {
    case .unclaimed: "unclaimed port"
    case .debugConsole: "debug console"
    case .serial: "COM1 transmitter"
    }
  }

  /// The loop of a machine with these devices; what they print goes nowhere.
  static func makeLoop() throws -> ExitLoop {
    let console = DebugConsole(output: NullSink())
    let serial = SerialPort(interrupt: UnconnectedLine(), output: NullSink())
    let ports = PortBus(
      [([serial.ports], serial), ([console.ports], console)])
    return ExitLoop(ports: ports, counters: try ExitCounters())
  }
}

private final class NullSink: ByteSink {
  func write(_ byte: UInt8) {}
}

private struct UnconnectedLine: InterruptLine {
  func set(_ asserted: Bool) {}
}
