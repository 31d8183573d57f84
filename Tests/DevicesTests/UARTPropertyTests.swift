import Devices
import TestSupport
import Testing

/// The receiver once more, as naively as possible: an array of characters and their errors.
private struct ReferenceReceiver {
  var fifosEnabled = false
  var trigger = 1
  var characters: [(value: UInt8, errors: UInt8)] = []
  var last: UInt8 = 0
  var status: UInt8 = 0
  var fifoError = false
  var timeout = false

  var depth: Int { fifosEnabled ? 16 : 1 }

  mutating func reveal() {
    guard !characters.isEmpty else { return }
    status |= characters[0].errors
    characters[0].errors = 0
  }

  mutating func receive(_ value: UInt8, errors: UInt8) {
    if characters.count == depth {
      status |= 0x02
      if fifosEnabled { return }
      characters = []
    }
    characters.append((value, errors))
    if fifosEnabled, errors != 0 { fifoError = true }
    if characters.count == 1 { reveal() }
  }

  mutating func readRBR() -> UInt8 {
    if !characters.isEmpty {
      last = characters.removeFirst().value
      timeout = false
      reveal()
    }
    return last
  }

  mutating func readLSR() -> UInt8 {
    let value = 0x60 | status | (characters.isEmpty ? 0 : 1) | (fifoError ? 0x80 : 0)
    status = 0
    fifoError = characters.contains { $0.errors != 0 }
    return value
  }

  mutating func writeFCR(_ value: UInt8) {
    let enable = value & 1 != 0
    if enable != fifosEnabled || enable && value & 2 != 0 {
      characters = []
      timeout = false
      fifoError = false
    }
    fifosEnabled = enable
    trigger = enable ? [1, 4, 8, 14][Int(value >> 6)] : 1
  }

  var iir: UInt8 {
    let fifos: UInt8 = fifosEnabled ? 0xC0 : 0
    if status != 0 { return fifos | 0x06 }
    if characters.count >= trigger { return fifos | 0x04 }
    return fifos | (timeout ? 0x0C : 0x01)
  }
}

@Suite("UART properties", .timeLimit(.minutes(5)))
struct UARTPropertyTests {
  @Test("the receiver agrees with a naive model", arguments: 1...8 as ClosedRange<UInt64>)
  func referenceModel(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var uart = UART16550()
    var model = ReferenceReceiver()
    uart.write(Reg.ier, 0x05)
    for step in 0..<20_000 * effort {
      var agrees = true
      switch random.next() % 64 {
      case 0..<28:
        let value = UInt8(truncatingIfNeeded: random.next())
        let errors = random.next() % 8 == 0 ? UInt8(truncatingIfNeeded: random.next()) & 0x1C : 0
        uart.receive(value, errors: .init(rawValue: errors))
        model.receive(value, errors: errors)
      case 28..<50:
        agrees = uart.read(Reg.rbr) == model.readRBR()
      case 50..<58:
        agrees = uart.read(Reg.lsr) == model.readLSR()
      case 58..<62:
        uart.receiverIdle()
        model.timeout = model.timeout || model.fifosEnabled && !model.characters.isEmpty
      default:
        let value = UInt8(truncatingIfNeeded: random.next()) | (random.next() % 4 == 0 ? 0 : 1)
        uart.write(Reg.fcr, value)
        model.writeFCR(value)
      }
      agrees = agrees && uart.read(Reg.iir) == model.iir
      agrees = agrees && uart.receivedCount == model.characters.count
      try #require(agrees, "seed \(seed), step \(step)")
    }
  }

  @Test("nothing that a guest or a line can do breaks the invariants")
  func randomOperations() {
    var random = SplitMix64(seed: 0x16550)
    var uart = UART16550()
    for _ in 0..<200_000 * effort {
      let bits = random.next()
      let register = UInt8(truncatingIfNeeded: bits >> 8)
      let value = UInt8(truncatingIfNeeded: bits >> 16)
      switch bits % 16 {
      case 0..<6: _ = uart.read(register)
      case 6..<11: uart.write(register, value)
      case 11: _ = uart.transmit()
      case 12: uart.receive(value, errors: .init(rawValue: register))
      case 13: uart.receiverIdle()
      case 14: uart.receiveBreak()
      default:
        uart.setModemInputs(
          cts: value & 1 != 0, dsr: value & 2 != 0, ri: value & 4 != 0, dcd: value & 8 != 0)
      }
      uart._checkInvariants()
    }
    // Whatever happened, a driver that sets everything up again has a working port.
    uart.write(Reg.lcr, 0x03)
    uart.write(Reg.mcr, 0x00)
    uart.write(Reg.fcr, 0x07)
    _ = uart.read(Reg.lsr)
    uart.receive(0x41)
    uart.write(Reg.thr, 0x42)
    #expect(uart.readAll() == [0x41])
    #expect(uart.transmitAll() == [0x42])
  }

  @Test("a state is a value: a copy goes on independently and equally")
  func valueSemantics() {
    var original = UART16550()
    original.write(Reg.fcr, 0xC1)
    original.receive(0x41)
    original.receiveBreak()
    var copy = original
    #expect(copy == original)
    #expect(copy.readAll() == [0x41, 0x00])
    #expect(copy != original)
    #expect(original.readAll() == [0x41, 0x00])
    #expect(copy == original)
  }
}
