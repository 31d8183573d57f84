import Devices
import Testing

@Suite("UART interrupts", .timeLimit(.minutes(5)))
struct UARTInterruptTests {
  /// A UART with OUT2 set, as a PC driver leaves it.
  private func makeUART(ier: UInt8, fcr: UInt8 = 0) -> UART16550 {
    var uart = UART16550(modemInputs: [.clearToSend, .dataSetReady, .dataCarrierDetect])
    uart.write(Reg.mcr, 0x08)
    uart.write(Reg.fcr, fcr)
    uart.write(Reg.ier, ier)
    return uart
  }

  @Test(
    "received data: from the trigger level until fewer are left",
    arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)] as [(UInt8, Int)])
  func triggerLevel(fcr: UInt8, level: Int) {
    var uart = makeUART(ier: 0x01, fcr: fcr)
    for count in 1..<16 {
      uart.receive(0x55)
      #expect(uart.interruptAsserted == (count >= level), "\(count) characters")
      #expect(uart.read(Reg.iir) == (count >= level ? 0xC4 : 0xC1))
    }
    for count in stride(from: 14, through: 0, by: -1) {
      _ = uart.read(Reg.rbr)
      #expect(uart.interruptAsserted == (count >= level), "\(count) characters left")
    }
  }

  @Test("without FIFOs every character interrupts, and reading it clears that")
  func receivedData() {
    var uart = makeUART(ier: 0x01)
    uart.receive(0x41)
    #expect(uart.read(Reg.iir) == 0x04)
    #expect(uart.read(Reg.iir) == 0x04, "reading IIR does not clear it")
    #expect(uart.read(Reg.rbr) == 0x41)
    #expect(uart.read(Reg.iir) == 0x01)
  }

  @Test("the time-out brings what is below the trigger level, once an idle")
  func characterTimeout() {
    var uart = makeUART(ier: 0x01, fcr: 0xC1)
    uart.receiverIdle()
    #expect(uart.read(Reg.iir) == 0xC1, "an empty receiver has no time-out")
    uart.receive(0x41)
    uart.receive(0x42)
    #expect(uart.read(Reg.iir) == 0xC1)
    uart.receiverIdle()
    #expect(uart.interruptAsserted)
    #expect(uart.read(Reg.iir) == 0xCC)
    uart.receive(0x43)
    #expect(uart.read(Reg.iir) == 0xCC, "a new character does not clear it")
    #expect(uart.read(Reg.rbr) == 0x41)
    #expect(uart.read(Reg.iir) == 0xC1, "reading a character does")
    uart.receiverIdle()
    #expect(uart.read(Reg.iir) == 0xCC)
    _ = uart.read(Reg.rbr)
    _ = uart.read(Reg.rbr)
    uart.receiverIdle()
    #expect(uart.read(Reg.iir) == 0xC1)
    #expect(!uart.interruptAsserted)
  }

  @Test("there is no time-out without FIFOs, nor without its enable bit")
  func noTimeout() {
    var uart = makeUART(ier: 0x0E)
    uart.receive(0x41)
    uart.receiverIdle()
    _ = uart.read(Reg.iir)
    #expect(uart.read(Reg.iir) == 0x01)
    uart = makeUART(ier: 0x0E, fcr: 0xC1)
    uart.receive(0x41)
    uart.receiverIdle()
    _ = uart.read(Reg.iir)
    #expect(uart.read(Reg.iir) == 0xC1)
    uart.write(Reg.ier, 0x01)
    #expect(uart.read(Reg.iir) == 0xCC)
  }

  @Test("THRE: raised by enabling it, cleared by IIR, raised by an emptied transmitter")
  func transmitterEmpty() {
    var uart = makeUART(ier: 0x02)
    #expect(uart.interruptAsserted)
    #expect(uart.read(Reg.iir) == 0x02)
    #expect(uart.read(Reg.iir) == 0x01, "reading IIR cleared it")
    uart.write(Reg.ier, 0x02)
    #expect(uart.read(Reg.iir) == 0x01, "it was enabled already")
    uart.write(Reg.ier, 0x00)
    uart.write(Reg.ier, 0x02)
    #expect(uart.read(Reg.iir) == 0x02, "enabled again")
    uart.write(Reg.thr, 0x41)
    #expect(!uart.interruptAsserted, "THR is full")
    _ = uart.transmit()
    #expect(uart.interruptAsserted)
    #expect(uart.read(Reg.iir) == 0x02)
  }

  @Test("THRE: with FIFOs, when the last of them has left")
  func transmitterFIFOEmpty() {
    var uart = makeUART(ier: 0x02, fcr: 0x01)
    _ = uart.read(Reg.iir)
    uart.write(Reg.thr, 0x41)
    uart.write(Reg.thr, 0x42)
    _ = uart.transmit()
    #expect(!uart.interruptAsserted)
    _ = uart.transmit()
    #expect(uart.read(Reg.iir) == 0xC2)
  }

  @Test("an IIR that names another source does not clear THRE")
  func thresholdBehindOthers() {
    var uart = makeUART(ier: 0x03)
    uart.receive(0x41)
    #expect(uart.read(Reg.iir) == 0x04)
    _ = uart.read(Reg.rbr)
    #expect(uart.read(Reg.iir) == 0x02)
  }

  @Test("priorities: line status, data, THRE, modem status, each cleared in its own way")
  func priorities() {
    var uart = makeUART(ier: 0x0F)
    uart.setModemInputs(cts: false, dsr: true, ri: false, dcd: true)
    uart.receive(0x41, errors: .parityError)
    #expect(uart.read(Reg.iir) == 0x06)
    #expect(uart.read(Reg.lsr) == 0x65)
    #expect(uart.read(Reg.iir) == 0x04)
    #expect(uart.read(Reg.rbr) == 0x41)
    #expect(uart.read(Reg.iir) == 0x02)
    #expect(uart.read(Reg.iir) == 0x00)
    #expect(uart.interruptAsserted, "source 0 is a source")
    #expect(uart.read(Reg.msr) == 0xA1)
    #expect(uart.read(Reg.iir) == 0x01)
    #expect(!uart.interruptAsserted)
  }

  @Test(
    "each enable bit lets its own source through and no other", arguments: 0..<16 as Range<UInt8>)
  func enables(ier: UInt8) {
    var uart = makeUART(ier: ier)
    uart.setModemInputs(cts: false, dsr: true, ri: false, dcd: true)
    uart.receive(0x41, errors: .framingError)
    var expected: [UInt8] = []
    if ier & 0x04 != 0 { expected.append(0x06) }
    if ier & 0x01 != 0 { expected.append(0x04) }
    if ier & 0x02 != 0 { expected.append(0x02) }
    if ier & 0x08 != 0 { expected.append(0x00) }
    var seen: [UInt8] = []
    while uart.interruptAsserted, seen.count < 5 {
      let source = uart.read(Reg.iir)
      seen.append(source)
      switch source {
      case 0x06: _ = uart.read(Reg.lsr)
      case 0x04: _ = uart.read(Reg.rbr)
      case 0x00: _ = uart.read(Reg.msr)
      default: break
      }
    }
    #expect(seen == expected)
  }

  @Test("overrun and break are line status interrupts")
  func lineStatus() {
    var uart = makeUART(ier: 0x04, fcr: 0x01)
    for _ in 0..<16 { uart.receive(0x41) }
    #expect(!uart.interruptAsserted)
    uart.receive(0x42)
    #expect(uart.read(Reg.iir) == 0xC6, "an overrun shows at once")
    _ = uart.read(Reg.lsr)
    #expect(!uart.interruptAsserted)
    _ = uart.readAll()
    uart.receive(0x41)
    uart.receiveBreak()
    #expect(!uart.interruptAsserted, "the break is not the next character yet")
    _ = uart.read(Reg.rbr)
    #expect(uart.read(Reg.iir) == 0xC6)
  }

  @Test("OUT2 gates the interrupt but not IIR")
  func out2() {
    var uart = makeUART(ier: 0x01)
    uart.receive(0x41)
    #expect(uart.interruptAsserted)
    uart.write(Reg.mcr, 0x00)
    #expect(!uart.interruptAsserted)
    #expect(uart.read(Reg.iir) == 0x04)
    uart.write(Reg.mcr, 0x08)
    #expect(uart.interruptAsserted)
  }
}
