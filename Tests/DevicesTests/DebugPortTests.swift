import Devices
import Synchronization
import Testing

@Suite("Debug ports", .timeLimit(.minutes(5)))
struct DebugPortTests {
  @Test("the debug exit reports the value in the width it was written with")
  func exitValues() {
    let values = Mutex<[UInt32]>([])
    let device = DebugExit { value in values.withLock { $0.append(value) } }
    #expect(device.ports == 0xF4...0xF7)
    device.write(port: 0xF4, size: 1, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: 2, value: 0xAABB_CCDD)
    device.write(port: 0xF4, size: 4, value: 0xAABB_CCDD)
    #expect(values.withLock { $0 } == [0xDD, 0xCCDD, 0xAABB_CCDD])
    #expect(device.read(port: 0xF4, size: 4) == 0)
    #expect(values.withLock { $0.count } == 3, "reading does not end anything")
  }

  @Test(
    "the exit status is (value << 1) | 1, cut to eight bits",
    arguments: [(0, 1), (1, 3), (0x10, 0x21), (0x7F, 0xFF), (0x80, 0x01), (.max, 0xFF)]
      as [(UInt32, UInt8)])
  func exitStatus(value: UInt32, status: UInt8) {
    #expect(DebugExit.exitStatus(value: value) == status)
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
