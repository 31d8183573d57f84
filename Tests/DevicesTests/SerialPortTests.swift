import Devices
import TestSupport
import Testing

@Suite("Serial port", .timeLimit(.minutes(5)))
struct SerialPortTests {
  private let line = RecordingLine()
  private let sink = RecordingSink()
  private let port: SerialPort

  init() { port = SerialPort(interrupt: line, output: sink) }

  @Test("a written byte is in the sink when the write returns, and the transmitter is empty")
  func output() {
    for byte in "Hello\n".utf8 {
      port.write(Reg.thr, byte)
      #expect(sink.bytes.last == byte)
      #expect(port.read(Reg.lsr) == 0x60)
    }
    #expect(sink.bytes == Array("Hello\n".utf8))
    #expect(line.history == [])
  }

  @Test("CTS, DSR and DCD are asserted from the start, without a delta")
  func modemInputs() { #expect(port.read(Reg.msr) == 0xB0) }

  @Test("wide accesses are consecutive byte accesses, clipped to the eight registers")
  func wideAccesses() {
    port.write(port: 0x3F8, size: 2, value: 0x0F41)
    #expect(sink.bytes == [0x41])
    #expect(port.read(port: 0x3F9, size: 1) == 0x0F)
    port.write(port: 0x3FB, size: 4, value: 0xAAAA_0803)
    #expect(port.read(port: 0x3FB, size: 2) == 0x0803)
    #expect(port.read(port: 0x3FD, size: 4) == 0xFF00_B060)
    port.write(port: 0x3FF, size: 4, value: 0x1234_565A)
    #expect(port.read(port: 0x3FF, size: 4) == 0xFFFF_FF5A)
    #expect(sink.bytes == [0x41], "0x400 is not THR")
  }

  @Test("ports outside of the eight read as nothing and ignore writes")
  func otherPorts() {
    let before = port.uart
    for other in [0x0000, 0x03F7, 0x0400, 0xFFFF] as [UInt16] {
      #expect(port.read(port: other, size: 1) == 0xFF)
      port.write(port: other, size: 1, value: 0xA5)
    }
    #expect(port.uart == before)
    #expect(sink.bytes == [])
  }

  @Test("a base at the end of the port space is moved to where eight registers fit")
  func highBase() {
    let port = SerialPort(base: 0xFFFF, interrupt: line, output: sink)
    #expect(port.ports == 0xFFF8...0xFFFF)
    port.write(port: 0xFFFF, size: 4, value: 0x4142_435A)
    #expect(port.read(port: 0xFFFF, size: 1) == 0x5A)
    #expect(sink.bytes == [])
  }

  @Test("the line is set on changes only")
  func interruptChanges() {
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x01)
    #expect(line.history == [])
    port.enqueue([0x41])
    #expect(line.history == [true])
    _ = port.read(Reg.lsr)
    _ = port.read(Reg.iir)
    #expect(line.history == [true])
    #expect(port.read(Reg.rbr) == 0x41)
    #expect(line.history == [true, false])
  }

  @Test("a guest that only writes THR sees an edge for each byte")
  func transmitEdges() {
    port.write(Reg.mcr, 0x08)
    port.write(Reg.ier, 0x02)
    #expect(line.take() == [true])
    port.write(Reg.thr, 0x41)
    #expect(line.take() == [false, true])
    #expect(port.read(Reg.iir) == 0x02)
    #expect(line.take() == [false])
    port.write(Reg.thr, 0x42)
    #expect(line.take() == [true])
  }

  @Test("in loopback nothing reaches the sink")
  func loopback() {
    port.write(Reg.mcr, 0x10)
    port.write(Reg.thr, 0x41)
    #expect(sink.bytes == [])
    #expect(port.readAll() == [0x41])
  }

  @Test("neither a byte for the divisor latch nor one during a break reaches the sink")
  func notTransmitted() {
    port.write(Reg.lcr, 0x80)
    port.write(Reg.dll, 0x41)
    port.write(Reg.lcr, 0x40)
    port.write(Reg.thr, 0x42)
    port.write(Reg.lcr, 0x03)
    port.write(Reg.thr, 0x43)
    #expect(sink.bytes == [0x43])
    port.write(Reg.lcr, 0x80)
    #expect(port.read(Reg.dll) == 0x41)
  }

  @Test(
    "random accesses of every width leave a working port", arguments: 1...4 as ClosedRange<UInt64>)
  func randomAccesses(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<30_000 * effort {
      let bits = random.next()
      let address = 0x3F0 + UInt16(truncatingIfNeeded: bits >> 8) % 24
      let size = [1, 1, 2, 4][Int(bits >> 16) & 3]
      switch bits % 16 {
      case 0..<7: _ = port.read(port: address, size: size)
      case 7..<13:
        port.write(port: address, size: size, value: UInt32(truncatingIfNeeded: bits >> 32))
      case 13, 14:
        port.enqueue([UInt8](repeating: 0x55, count: Int(bits >> 32) & 31))
      default: port.sendBreak()
      }
      port._checkInvariants()
    }
    port.write(Reg.lcr, 0x03)
    port.write(Reg.mcr, 0x00)
    port.write(Reg.fcr, 0x01)
    let written = sink.bytes.count
    port.write(Reg.thr, 0x42)
    #expect(sink.bytes.dropFirst(written) == [0x42], "seed \(seed)")
    _ = port.readAll()
    port.enqueue([0x43])
    #expect(port.readAll() == [0x43], "seed \(seed)")
  }
}
