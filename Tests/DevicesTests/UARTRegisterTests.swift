import Devices
import Testing

@Suite("UART registers", .timeLimit(.minutes(5)))
struct UARTRegisterTests {
  @Test("after a master reset every register has the datasheet's value")
  func reset() {
    var uart = UART16550()
    let expected: [(UInt8, UInt8)] = [
      (Reg.ier, 0x00), (Reg.iir, 0x01), (Reg.lcr, 0x00), (Reg.mcr, 0x00), (Reg.lsr, 0x60),
      (Reg.msr, 0x00),
    ]
    for (register, value) in expected { #expect(uart.read(register) == value) }
    #expect(!uart.interruptAsserted)
    #expect(uart.transmit() == nil)
  }

  @Test(
    "what is written reads back, less the bits that are always 0",
    arguments: [(Reg.ier, 0x0F), (Reg.lcr, 0xFF), (Reg.mcr, 0x1F), (Reg.scr, 0xFF)]
      as [(UInt8, UInt8)])
  func readBack(register: UInt8, implemented: UInt8) {
    var uart = UART16550()
    for value in UInt8.min...UInt8.max {
      uart.write(register, value)
      #expect(uart.read(register) == value & implemented)
      uart._checkInvariants()
    }
  }

  @Test("the divisor latch shares offsets 0 and 1, and nothing else")
  func divisorLatch() {
    var uart = UART16550()
    uart.write(Reg.ier, 0x05)
    uart.write(Reg.lcr, 0x80)
    #expect(uart.read(Reg.dll) == 12)
    #expect(uart.read(Reg.dlm) == 0)
    uart.write(Reg.dll, 0x34)
    uart.write(Reg.dlm, 0x12)
    #expect(uart.read(Reg.dll) == 0x34)
    #expect(uart.read(Reg.dlm) == 0x12)
    #expect(uart.transmit() == nil, "DLL is not THR")
    uart.receive(0x7E)
    #expect(uart.read(Reg.dll) == 0x34)
    uart.write(Reg.lcr, 0x03)
    #expect(uart.read(Reg.ier) == 0x05)
    #expect(uart.read(Reg.rbr) == 0x7E, "reading DLL took nothing from the receiver")
  }

  @Test("LSR and MSR ignore writes")
  func readOnly() {
    var uart = UART16550(modemInputs: [.clearToSend])
    let before = uart
    uart.write(Reg.lsr, 0xFF)
    uart.write(Reg.msr, 0xFF)
    #expect(uart == before)
  }

  @Test("only the low three bits of an offset are decoded")
  func decoding() {
    var uart = UART16550()
    uart.write(0xFF, 0x5A)
    #expect(uart.read(0x0F) == 0x5A)
    #expect(uart.read(Reg.scr) == 0x5A)
  }

  @Test("IIR bits 6 and 7 show the FIFOs, and FCR's other bits need bit 0")
  func fifoEnable() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0xC0)
    #expect(uart.read(Reg.iir) == 0x01)
    #expect(uart.triggerLevel == 1)
    uart.write(Reg.fcr, 0xC1)
    #expect(uart.read(Reg.iir) == 0xC1)
    #expect(uart.triggerLevel == 14)
    uart.write(Reg.fcr, 0x00)
    #expect(uart.read(Reg.iir) == 0x01)
    #expect(uart.triggerLevel == 1)
  }

  @Test("a character in the transmitter clears THRE and TEMT until it is taken")
  func transmitter() {
    var uart = UART16550()
    uart.write(Reg.thr, 0x41)
    #expect(uart.read(Reg.lsr) == 0x00)
    #expect(uart.transmit() == 0x41)
    #expect(uart.read(Reg.lsr) == 0x60)
    #expect(uart.transmit() == nil)
  }

  @Test("without FIFOs a second character overwrites THR")
  func transmitterOverwrite() {
    var uart = UART16550()
    uart.write(Reg.thr, 0x41)
    uart.write(Reg.thr, 0x42)
    #expect(uart.transmitAll() == [0x42])
  }

  @Test("the transmitter FIFO holds sixteen characters in order, and FCR clears it")
  func transmitterFIFO() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    for character in 0..<20 { uart.write(Reg.thr, UInt8(character)) }
    #expect(uart.read(Reg.lsr) == 0x00)
    #expect(uart.transmitAll() == Array(0..<16))
    uart.write(Reg.thr, 0x41)
    uart.write(Reg.fcr, 0x05)
    #expect(uart.transmit() == nil)
    #expect(uart.read(Reg.lsr) == 0x60)
  }

  @Test("what is transmitted during a break is lost")
  func transmittingBreak() {
    var uart = UART16550()
    uart.write(Reg.lcr, 0x43)
    #expect(uart.isTransmittingBreak)
    uart.write(Reg.thr, 0x00)
    #expect(uart.transmit() == nil)
    #expect(uart.read(Reg.lsr) == 0x60, "the break has no effect on the transmitter's logic")
    uart.write(Reg.lcr, 0x03)
    #expect(!uart.isTransmittingBreak)
    uart.write(Reg.thr, 0x41)
    #expect(uart.transmit() == 0x41)
  }
}
