import Synchronization
import Testing

@testable import Devices

@Suite("Resets of devices", .timeLimit(.minutes(5)))
struct DeviceResetTests {
  private final class Line: InterruptLine {
    let level = Mutex(false)
    func set(_ asserted: Bool) { level.withLock { $0 = asserted } }
  }

  private final class Sink: ByteSink {
    func write(_ byte: UInt8) {}
  }

  @Test("a serial port has its first registers, a low line, and the input that was not read")
  func serialPort() {
    let line = Line()
    let port = SerialPort(interrupt: line, output: Sink())
    port.write(port: 0x3FA, size: 1, value: 0x01)  // FCR: FIFOs on
    port.write(port: 0x3F9, size: 1, value: 0x0F)  // IER: all
    port.write(port: 0x3FC, size: 1, value: 0x0B)  // MCR: OUT2
    port.write(port: 0x3FF, size: 1, value: 0x5A)  // SCR
    port.enqueue([1, 2, 3].span)
    #expect(port.read(port: 0x3F8, size: 1) == 1)
    #expect(line.level.withLock { $0 })

    port.reset()
    port._checkInvariants()
    #expect(!line.level.withLock { $0 })
    #expect(port.read(port: 0x3F9, size: 1) == 0)
    #expect(port.read(port: 0x3FA, size: 1) == 0x01)
    #expect(port.read(port: 0x3FC, size: 1) == 0)
    #expect(port.read(port: 0x3FF, size: 1) == 0)
    #expect(port.read(port: 0x3FE, size: 1) == 0xB0, "no delta: the other end noticed nothing")
    #expect(port.read(port: 0x3F8, size: 1) == 2)
    #expect(port.read(port: 0x3F8, size: 1) == 3)
    #expect(port.read(port: 0x3FD, size: 1) & 1 == 0)
  }

  @Test("a display has its first mode and palette, and says that something changed")
  func display() {
    let display = BochsDisplay(videoMemorySize: 16 << 20, initialMode: (640, 480, 8))
    func colors() -> [UInt8] {
      var colors = [UInt8](repeating: 0, count: 768)
      var span = colors.mutableSpan
      display.paletteRGB(into: &span)
      return colors
    }
    let (state, palette) = (display.state(), colors())
    for (index, value) in [(4, 0), (1, 800), (2, 600), (3, 32), (4, 0x61)] as [(UInt32, UInt32)] {
      display.write(port: 0x1CE, size: 2, value: index)
      display.write(port: 0x1CF, size: 2, value: value)
    }
    display.write(port: 0x3C8, size: 1, value: 1)
    for value: UInt32 in [9, 8, 7] { display.write(port: 0x3C9, size: 1, value: value) }
    #expect(display.state().display != state.display)
    #expect(colors() != palette)

    let generation = display.generation
    display.reset()
    display._checkInvariants()
    #expect(display.generation != generation)
    #expect(display.state().display == state.display)
    #expect(colors() == palette)
  }
}
