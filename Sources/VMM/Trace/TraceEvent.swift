/// One line of a trace, before it is text. A plain value, so that recording one is a copy.
struct TraceEvent {
  enum Kind {
    case exit(ExitReason)
    case portIO(port: UInt16, size: Int, value: UInt32, isWrite: Bool, isCoalesced: Bool)
    case mmio(address: UInt64, size: Int, value: UInt64, isWrite: Bool)
    case interruptLine(gsi: UInt32, isAsserted: Bool)
    case harvest(pages: Int)
    case transmitted(UInt8)
    case assist(Mnemonic)
    case biosCall(BIOSCallRecord)
    /// What was lost before this: the buffer was full.
    case dropped(UInt64)
  }

  /// On the monotonic clock, nanoseconds.
  var time: UInt64
  /// nil where no vCPU can be named.
  var cpu: UInt32?
  /// As of the exit; nil where the host's KVM does not tell it.
  var rip: UInt64?
  var kind: Kind
}

extension TraceEvent {
  /// Appends the event as a line: microseconds since `start`, vCPU, RIP, category, what happened.
  func append(to text: inout [UInt8], since start: UInt64) {
    let elapsed = time &- start
    let fraction = String(elapsed % 1000)
    let microseconds =
      String(elapsed / 1000) + "." + String(repeating: "0", count: 3 - fraction.count) + fraction
    text.append(
      contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, 14 - microseconds.count)))
    text.append(contentsOf: microseconds.utf8)
    text.append(contentsOf: cpu.map { " cpu\($0) ".utf8 } ?? " - ".utf8)
    text.append(contentsOf: (rip?.hexadecimal ?? "-").utf8)
    text.append(contentsOf: " \(words)\n".utf8)
  }

  private var words: String {
    switch kind {
    case .exit(let reason):
      "exits \(reason.name)"
    case .portIO(let port, let size, let value, let isWrite, let isCoalesced):
      "io \(isWrite ? "out" : "in") \(port.hexadecimal) \(size) \(value.hexadecimal)"
        + (isCoalesced ? " coalesced" : "")
    case .mmio(let address, let size, let value, let isWrite):
      "mmio \(isWrite ? "store" : "load") \(address.hexadecimal) \(size) \(value.hexadecimal)"
    case .interruptLine(let gsi, let isAsserted):
      "irq \(gsi) \(isAsserted ? "high" : "low")"
    case .harvest(let pages):
      "dirty \(pages) pages"
    case .transmitted(let byte):
      "serial \(byte.hexadecimal(digits: 2))"
        + (0x20..<0x7F ~= byte ? " \(Character(UnicodeScalar(byte)))" : "")
    case .biosCall(let call): "bios \(call)"
    case .assist(let mnemonic):
      "assist \(mnemonic.name)"
    case .dropped(let count):
      "dropped \(count) events"
    }
  }
}
