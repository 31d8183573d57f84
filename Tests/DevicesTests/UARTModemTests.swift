import Devices
import Testing

@Suite("UART modem lines and loopback", .timeLimit(.minutes(5)))
struct UARTModemTests {
  @Test("MSR shows the inputs and what has changed since it was read")
  func deltas() {
    var uart = UART16550()
    uart.setModemInputs(cts: true, dsr: false, ri: false, dcd: false)
    #expect(uart.read(Reg.msr) == 0x11)
    #expect(uart.read(Reg.msr) == 0x10)
    uart.setModemInputs(cts: true, dsr: true, ri: false, dcd: true)
    #expect(uart.read(Reg.msr) == 0xBA)
    uart.setModemInputs(cts: false, dsr: true, ri: false, dcd: true)
    uart.setModemInputs(cts: true, dsr: true, ri: false, dcd: true)
    #expect(uart.read(Reg.msr) == 0xB1, "a change there and back is a change")
  }

  @Test("RI has a trailing edge only")
  func ringIndicator() {
    var uart = UART16550()
    uart.setModemInputs(cts: false, dsr: false, ri: true, dcd: false)
    #expect(uart.read(Reg.msr) == 0x40)
    uart.setModemInputs(cts: false, dsr: false, ri: false, dcd: false)
    #expect(uart.read(Reg.msr) == 0x04)
  }

  @Test("inputs that are asserted at power-on are no change")
  func initialInputs() {
    var uart = UART16550(modemInputs: [.clearToSend, .dataSetReady, .dataCarrierDetect])
    #expect(uart.read(Reg.msr) == 0xB0)
  }

  @Test("in loopback what is transmitted is received, and nothing meets the line")
  func loopbackData() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    uart.write(Reg.mcr, 0x10)
    #expect(uart.receiveSpace == 0)
    #expect(uart.receive(0x99) == false, "the receiver is not connected")
    #expect(uart.receiveBreak() == false)
    #expect(uart.read(Reg.lsr) == 0x60)
    uart.write(Reg.thr, 0x41)
    uart.write(Reg.thr, 0x42)
    #expect(uart.transmit() == nil)
    #expect(uart.readAll() == [0x41, 0x42])
    uart.write(Reg.mcr, 0x00)
    uart.write(Reg.thr, 0x43)
    #expect(uart.transmit() == 0x43)
    #expect(uart.receivedCount == 0)
  }

  @Test("a loop overruns like a line")
  func loopbackOverrun() {
    var uart = UART16550()
    uart.write(Reg.mcr, 0x10)
    for character in [0x41, 0x42] as [UInt8] {
      uart.write(Reg.thr, character)
      #expect(uart.transmit() == nil)
    }
    #expect(uart.read(Reg.lsr) == 0x63)
    #expect(uart.read(Reg.rbr) == 0x42)
  }

  @Test("in loopback the outputs are the inputs: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD")
  func loopbackModem() {
    var uart = UART16550(modemInputs: [.ringIndicator])
    uart.write(Reg.mcr, 0x10)
    #expect(uart.read(Reg.msr) == 0x04, "RI has gone")
    for (mcr, msr) in [(0x12, 0x11), (0x11, 0x23), (0x14, 0x42), (0x18, 0x8C)]
      as [(UInt8, UInt8)]
    {
      uart.write(Reg.mcr, mcr)
      #expect(uart.read(Reg.msr) == msr)
    }
    uart.setModemInputs(cts: true, dsr: false, ri: false, dcd: false)
    #expect(uart.read(Reg.msr) == 0x80, "the inputs are not connected")
    uart.write(Reg.mcr, 0x00)
    #expect(uart.read(Reg.msr) == 0x19, "and show when the loop opens")
  }

  @Test("the probe that drivers make: loopback with RTS and OUT2 reads 90")
  func loopbackProbe() {
    var uart = UART16550(modemInputs: [.dataSetReady])
    uart.write(Reg.mcr, 0x1A)
    #expect(uart.read(Reg.msr) & 0xF0 == 0x90)
  }

  @Test("in loopback interrupts work, with OUT2 as written")
  func loopbackInterrupt() {
    var uart = UART16550()
    uart.write(Reg.mcr, 0x18)
    _ = uart.read(Reg.msr)
    uart.write(Reg.ier, 0x01)
    uart.write(Reg.thr, 0x41)
    #expect(!uart.interruptAsserted)
    #expect(uart.transmit() == nil)
    #expect(uart.interruptAsserted)
    #expect(uart.read(Reg.iir) == 0x04)
  }

  @Test("a break comes back through the loop once")
  func loopbackBreak() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    uart.write(Reg.mcr, 0x10)
    uart.write(Reg.lcr, 0x43)
    #expect(!uart.isTransmittingBreak, "the line sees nothing of it")
    uart.write(Reg.lcr, 0x43)
    #expect(uart.receivedCount == 1)
    #expect(uart.read(Reg.lsr) == 0xF1)
    #expect(uart.read(Reg.rbr) == 0x00)
    uart.write(Reg.thr, 0x41)
    #expect(uart.transmit() == nil)
    #expect(uart.receivedCount == 0, "characters are lost during a break")
  }
}
