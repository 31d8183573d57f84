import Devices
import TestSupport
import Testing

@Suite("Serial input", .timeLimit(.minutes(5)))
struct SerialInputTests {
  private let line = RecordingLine()
  private let sink = RecordingSink()
  private let lowCalls = Counter()

  private func makePort(capacity: Int = 4096) -> SerialPort {
    SerialPort(interrupt: line, output: sink, inputCapacity: capacity) { [lowCalls] in
      lowCalls.increment()
    }
  }

  @Test("input arrives in order, with FIFOs and without", arguments: [0x00, 0x01, 0xC1] as [UInt8])
  func order(fcr: UInt8) {
    let port = makePort()
    port.write(Reg.fcr, fcr)
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(port.enqueue(bytes) == 1000)
    #expect(port.readAll() == bytes)
    #expect(port.uart.lineStatus.isDisjoint(with: .errors))
  }

  @Test("a full queue takes what fits and says so")
  func backpressure() {
    let port = makePort(capacity: 100)
    #expect(port.inputSpace == 100)
    #expect(port.enqueue([UInt8](repeating: 1, count: 70)) == 70)
    #expect(port.inputSpace == 30)
    #expect(port.enqueue([UInt8](repeating: 2, count: 70)) == 30)
    #expect(port.inputSpace == 0)
    #expect(port.enqueue([3]) == 0)
    #expect(
      port.readAll() == [UInt8](repeating: 1, count: 70) + [UInt8](repeating: 2, count: 30))
    #expect(port.inputSpace == 100)
  }

  @Test("the low-water call comes once a fall through one half")
  func lowWater() {
    let port = makePort(capacity: 64)
    port.enqueue([UInt8](repeating: 0, count: 32))
    _ = port.readAll()
    #expect(lowCalls.count == 0, "it was never above one half")
    for round in 1...3 {
      #expect(port.enqueue([UInt8](repeating: 0, count: 64)) == 64)
      for _ in 0..<31 { _ = port.read(Reg.rbr) }
      #expect(lowCalls.count == round - 1)
      _ = port.read(Reg.rbr)
      #expect(lowCalls.count == round)
      _ = port.readAll()
      #expect(lowCalls.count == round)
    }
  }

  @Test(
    "what exceeds the queue many times arrives whole and in order",
    arguments: [(1, 1 << 13), (7, 1 << 14), (16, 1 << 15), (4096, 1 << 20)])
  func backpressuredStream(capacity: Int, total: Int) {
    let port = makePort(capacity: capacity)
    port.write(Reg.fcr, 0x81)
    var source = SplitMix64(seed: 1)
    var expected = SplitMix64(seed: 1)
    var pending: [UInt8] = []
    var produced = 0
    var received = 0
    while received < total {
      while produced < total, pending.count < 512 {
        pending.append(UInt8(truncatingIfNeeded: source.next()))
        produced += 1
      }
      pending.removeFirst(port.enqueue(pending))
      // A driver's interrupt handler: at most 256 characters, then return.
      var budget = 256
      while budget > 0, port.read(Reg.lsr) & 0x01 != 0 {
        let wanted = UInt8(truncatingIfNeeded: expected.next())
        if port.read(Reg.rbr) != wanted {
          Issue.record("capacity \(capacity): byte \(received) is not the one sent")
          return
        }
        received += 1
        budget -= 1
      }
    }
    #expect(port.read(Reg.lsr) == 0x60)
    #expect(port.inputSpace == capacity)
  }

  @Test(
    "random enqueues, reads and FIFO set-ups lose and reorder nothing",
    arguments: 1...16 as ClosedRange<UInt64>)
  func referenceModel(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let capacity = 1 + Int(random.next() % 200)
    let port = makePort(capacity: capacity)
    var model: [UInt8] = []
    var calls = 0
    var wasAboveHalf = false
    for step in 0..<8000 * effort {
      let bits = random.next()
      var agrees = true
      switch bits % 16 {
      case 0..<3:
        let chunk = (0..<(bits >> 8) % 64).map { UInt8(truncatingIfNeeded: bits >> ($0 % 57)) }
        let accepted = port.enqueue(chunk)
        agrees = accepted == min(chunk.count, capacity - model.count)
        model += chunk.prefix(accepted)
      case 3..<14:
        let isReady = port.read(Reg.lsr) & 0x01 != 0
        agrees = isReady == !model.isEmpty
        if isReady { agrees = agrees && port.read(Reg.rbr) == model.removeFirst() }
      case 14:
        // Trigger levels, resets, on and off.
        port.write(Reg.fcr, UInt8(truncatingIfNeeded: bits >> 8))
      default:
        agrees = port.inputSpace == capacity - model.count
      }
      let isAboveHalf = model.count > capacity / 2
      if wasAboveHalf, !isAboveHalf { calls += 1 }
      wasAboveHalf = isAboveHalf
      port._checkInvariants()
      try #require(agrees && lowCalls.count == calls, "seed \(seed), step \(step)")
    }
    #expect(port.readAll() == model, "seed \(seed)")
  }

  @Test("input that came before the guest set up its FIFOs is not lost")
  func earlyInput() {
    let port = makePort()
    port.enqueue(Array("early".utf8))
    port.write(Reg.fcr, 0x07)
    #expect(port.read(Reg.rbr) == UInt8(ascii: "e"))
    port.write(Reg.fcr, 0xC7)
    port.write(Reg.fcr, 0x00)
    #expect(port.readAll() == Array("arly".utf8))
  }

  @Test("in loopback the input waits")
  func loopback() {
    let port = makePort()
    port.write(Reg.fcr, 0x01)
    port.write(Reg.mcr, 0x10)
    port.enqueue([0x41])
    port.write(Reg.thr, 0x99)
    #expect(port.readAll() == [0x99])
    port.write(Reg.mcr, 0x00)
    #expect(port.readAll() == [0x41])
  }

  @Test("a looped character that a FIFO reset discards stays discarded")
  func loopbackReset() {
    let port = makePort()
    port.write(Reg.fcr, 0x01)
    port.enqueue([0x41])
    port.write(Reg.mcr, 0x10)
    port.write(Reg.thr, 0x99)
    port.write(Reg.fcr, 0x03)
    port.write(Reg.mcr, 0x00)
    #expect(port.readAll() == [])
    port.enqueue([0x42])
    #expect(port.readAll() == [0x42])
  }

  @Test("each batch of input is an edge for a guest that reads by the trigger level")
  func edgesByTriggerLevel() {
    let port = makePort()
    port.write(Reg.fcr, 0xC1)
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x01)
    let bytes = (0..<200).map { UInt8($0) }
    port.enqueue(bytes)
    // An edge-triggered controller: one interrupt for any number of edges since the last.
    var received: [UInt8] = []
    var interrupts = 0
    while line.take().contains(true) {
      interrupts += 1
      let count: Int
      switch port.read(Reg.iir) & 0x0F {
      case 0x04: count = 14
      case 0x0C: count = port.uart.receivedCount
      default: count = 0
      }
      for _ in 0..<count { received.append(port.read(Reg.rbr)) }
    }
    #expect(received == bytes)
    #expect(interrupts >= 15)
  }

  @Test("without FIFOs each character is an edge")
  func edgesWithoutFIFO() {
    let port = makePort()
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x01)
    port.enqueue([1, 2, 3])
    #expect(line.take() == [true])
    for expected in [[false, true], [false, true], [false]] {
      _ = port.read(Reg.rbr)
      #expect(line.take() == expected)
    }
  }

  @Test("fewer characters than the trigger level arrive by time-out")
  func timeout() {
    let port = makePort()
    port.write(Reg.fcr, 0xC1)
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x01)
    port.enqueue([0x41, 0x42])
    #expect(line.isAsserted)
    #expect(port.read(Reg.iir) == 0xCC)
    #expect(port.read(Reg.rbr) == 0x41)
    #expect(port.read(Reg.iir) == 0xCC, "one is left and the line is idle")
    #expect(port.read(Reg.rbr) == 0x42)
    #expect(!line.isAsserted)
  }

  @Test("the end of the input drops DCD after the last byte, with a delta and an interrupt")
  func endOfInput() {
    let port = makePort()
    port.write(Reg.fcr, 0x01)
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x08)
    port.enqueue([0x41, 0x42])
    port.endInput()
    #expect(port.inputSpace == 0)
    #expect(port.enqueue([0x43]) == 0)
    #expect(port.read(Reg.msr) == 0xB0)
    #expect(port.read(Reg.rbr) == 0x41)
    #expect(port.read(Reg.msr) == 0xB0)
    #expect(!line.isAsserted)
    #expect(port.read(Reg.rbr) == 0x42)
    #expect(line.isAsserted)
    #expect(port.read(Reg.iir) == 0xC0)
    #expect(port.read(Reg.msr) == 0x38)
    #expect(!line.isAsserted)
    #expect(port.read(Reg.msr) == 0x30)
  }

  @Test("the end of no input drops DCD at once")
  func endOfNoInput() {
    let port = makePort()
    port.endInput()
    #expect(port.read(Reg.msr) == 0x38)
    #expect(port.read(Reg.lsr) == 0x60)
  }

  @Test("a break overtakes the queue, and waits for room in a full receiver")
  func breaks() {
    let port = makePort()
    port.write(Reg.fcr, 0x01)
    port.enqueue(Array(0..<20))
    port.sendBreak()
    port.sendBreak()
    #expect(port.read(Reg.lsr) == 0x61, "the receiver is full, and not overrun")
    #expect(port.read(Reg.rbr) == 0)
    #expect(port.read(Reg.lsr) == 0xE1)
    for byte in 1..<16 { #expect(port.read(Reg.rbr) == UInt8(byte)) }
    #expect(port.read(Reg.lsr) == 0xF1)
    #expect(port.readAll() == [0] + Array(16..<20))
  }
}
