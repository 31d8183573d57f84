import Devices
import Testing

@Suite("UART receiver", .timeLimit(.minutes(5)))
struct UARTReceiverTests {
  @Test("without FIFOs one character waits, and the next overwrites it with OE")
  func overrunOfRBR() {
    var uart = UART16550()
    #expect(uart.receiveSpace == 1)
    #expect(uart.receive(0x41) == true)
    #expect(uart.receiveSpace == 0)
    #expect(uart.read(Reg.lsr) == 0x61)
    #expect(uart.receive(0x42) == false)
    #expect(uart.read(Reg.lsr) == 0x63)
    #expect(uart.read(Reg.lsr) == 0x61, "reading LSR clears OE")
    #expect(uart.read(Reg.rbr) == 0x42)
    #expect(uart.read(Reg.lsr) == 0x60)
    #expect(uart.read(Reg.rbr) == 0x42, "RBR keeps its character")
  }

  @Test("a full FIFO drops the new character with OE and keeps its sixteen")
  func overrunOfFIFO() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    for character in 0..<16 { #expect(uart.receive(UInt8(character)) == true) }
    #expect(uart.receiveSpace == 0)
    #expect(uart.read(Reg.lsr) == 0x61)
    #expect(uart.receive(0xEE) == false)
    #expect(uart.read(Reg.lsr) == 0x63)
    #expect(uart.readAll() == Array(0..<16))
    #expect(uart.read(Reg.lsr) == 0x60)
  }

  @Test("FCR bit 1 clears the receiver, and so does turning the FIFOs on or off")
  func reset() {
    for (start, write) in [(0x01, 0x03), (0x01, 0x00), (0x00, 0x01)] as [(UInt8, UInt8)] {
      var uart = UART16550()
      uart.write(Reg.fcr, start)
      uart.receive(0x41, errors: .parityError)
      uart.receive(0x42, errors: .parityError)
      uart.receiverIdle()
      uart.write(Reg.fcr, write)
      uart._checkInvariants()
      #expect(uart.receivedCount == 0)
      #expect(uart.read(Reg.lsr) & 0x81 == 0x00)
    }
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    uart.receive(0x41)
    uart.write(Reg.fcr, 0x81)
    #expect(uart.readAll() == [0x41], "changing the trigger level clears nothing")
  }

  @Test("a break is one 00 with BI")
  func breakWithoutFIFO() {
    var uart = UART16550()
    uart.receiveBreak()
    #expect(uart.read(Reg.lsr) == 0x71)
    #expect(uart.read(Reg.lsr) == 0x61)
    #expect(uart.read(Reg.rbr) == 0x00)
    #expect(uart.read(Reg.lsr) == 0x60)
  }

  @Test("an error shows when its character is the next, and bit 7 from its arrival")
  func errorPosition() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    uart.receive(0x41)
    uart.receiveBreak()
    uart.receive(0x43, errors: .framingError)
    uart.receive(0x44)
    #expect(uart.read(Reg.lsr) == 0xE1, "the first character is good")
    #expect(uart.read(Reg.rbr) == 0x41)
    #expect(uart.read(Reg.lsr) == 0xF1)
    #expect(uart.read(Reg.lsr) == 0xE1, "another error is still in the FIFO")
    #expect(uart.read(Reg.rbr) == 0x00)
    #expect(uart.read(Reg.lsr) == 0xE9)
    #expect(uart.read(Reg.lsr) == 0x61, "no subsequent errors")
    #expect(uart.read(Reg.rbr) == 0x43)
    #expect(uart.read(Reg.rbr) == 0x44)
    #expect(uart.read(Reg.lsr) == 0x60)
  }

  @Test("errors of characters that were read without reading LSR add up")
  func stickyErrors() {
    var uart = UART16550()
    uart.write(Reg.fcr, 0x01)
    uart.receive(0x41, errors: .parityError)
    uart.receive(0x42, errors: .framingError)
    _ = uart.read(Reg.rbr)
    _ = uart.read(Reg.rbr)
    #expect(uart.read(Reg.lsr) == 0xEC)
    #expect(uart.read(Reg.lsr) == 0x60)
  }

  @Test("without FIFOs bit 7 stays 0")
  func noFIFOError() {
    var uart = UART16550()
    uart.receive(0x41, errors: [.parityError, .framingError, .breakInterrupt])
    #expect(uart.read(Reg.lsr) == 0x7D)
  }

  @Test("a character brings its own errors only")
  func onlyCharacterErrors() {
    var uart = UART16550()
    uart.receive(0x41, errors: LineStatus(rawValue: 0xFF))
    #expect(uart.read(Reg.lsr) == 0x7D, "no overrun, THRE and TEMT as before")
  }

  private typealias LineStatus = UART16550.LineStatus
}
