import Devices
import Synchronization
import Testing

@Suite("Debug ports", .timeLimit(.minutes(5)))
struct DebugPortTests {
  @Test("the debug exit reports the value in the width it was written with")
  func exitValues() {
    let values = Mutex<[UInt32]>([])
    let device = ISADebugExit { value in values.withLock { $0.append(value) } }
    #expect(device.ports == 0xF4...0xF7)
    device.write(port: 0xF4, size: 1, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: 2, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: 4, value: 0xAABB_CCDD)
    #expect(values.withLock { $0 } == [0xDD, 0xCCDD, 0xAABB_CCDD])
    #expect(device.read(port: 0xF4, size: 4) == 0)
    #expect(values.withLock { $0.count } == 3, "reading does not end anything")
  }

  @Test("the debug exit is as wide as its ports are, and a value is whole at each of them")
  func exitPorts() {
    let values = Mutex<[UInt32]>([])
    let device = ISADebugExit(ports: 0x501...0x502) { value in values.withLock { $0.append(value) }
    }
    device.write(port: 0x501, size: 4, value: 0xAABB_CCDD)
    device.write(port: 0x502, size: 4, value: 0xAABB_CCDD)
    device.write(port: 0x502, size: 1, value: 0x77)
    for port: UInt16 in [0x500, 0x503, 0, .max] { device.write(port: port, size: 1, value: 1) }
    #expect(values.withLock { $0 } == [0xCCDD, 0xDD, 0x77])
    let last = ISADebugExit(ports: .max ... .max) { value in values.withLock { $0.append(value) } }
    last.write(port: .max, size: 4, value: 0x0102_0304)
    #expect(values.withLock { $0.last } == 4)
  }

  @Test("three ports take three bytes, and widths that x86 does not have do no harm")
  func oddExits() {
    let values = Mutex<[UInt32]>([])
    let device = ISADebugExit(ports: 0xF4...0xF6) { value in values.withLock { $0.append(value) } }
    device.write(port: 0xF4, size: 4, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: .max, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: .min, value: 0xAABB_CCDD)
    #expect(values.withLock { $0 } == [0xBB_CCDD, 0xBB_CCDD, 0xDD])
  }

  @Test(
    "the exit status is (value << 1) | 1, cut to eight bits",
    arguments: [(0, 1), (1, 3), (0x10, 0x21), (0x7F, 0xFF), (0x80, 0x01), (.max, 0xFF)]
      as [(UInt32, UInt8)])
  func exitStatus(value: UInt32, status: UInt8) {
    #expect(ISADebugExit.exitStatus(value: value) == status)
  }

  @Test("the debug console prints what is written to its one port and reads E9")
  func console() {
    let sink = RecordingSink()
    let console = DebugConsole(output: sink)
    #expect(console.read(port: 0xE9, size: 1) == 0xE9)
    #expect(console.read(port: 0xE9, size: 2) == 0xFFE9)
    console.write(port: 0xE9, size: 1, value: 0xFFFF_FF41)
    console.write(port: 0xE9, size: 4, value: 0x4545_4542)
    console.write(port: 0xE8, size: 2, value: 0x4345)
    #expect(sink.bytes == [0x41, 0x42, 0x43])
  }

  @Test("the console is also where SeaBIOS and OVMF print")
  func firmwareConsole() {
    let sink = RecordingSink()
    let console = DebugConsole(port: 0x402, output: sink)
    #expect(console.ports == 0x402...0x402)
    #expect(console.read(port: 0x402, size: 1) == 0xE9)
    console.write(port: 0x402, size: 1, value: 0x41)
    console.write(port: 0xE9, size: 1, value: 0x42)
    #expect(sink.bytes == [0x41])
  }

  @Test("widths that x86 does not have are taken as the nearest")
  func oddWidths() {
    let sink = RecordingSink()
    let console = DebugConsole(output: sink)
    for size in [Int.min, -1, 0, 3, 5, Int.max] {
      console.write(port: 0xE9, size: size, value: 0x41)
      #expect(console.read(port: 0xE9, size: size) & 0xFF == 0xE9)
    }
    #expect(sink.bytes == [UInt8](repeating: 0x41, count: 6))
  }
}
