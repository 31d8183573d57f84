import Synchronization
import Testing

@testable import Devices

@Suite("pc-testdev", .timeLimit(.minutes(5)))
struct PCTestDeviceTests {
  private func device(_ lines: [RecordingLine] = []) -> PCTestDevice {
    PCTestDevice(interrupts: lines, onFlush: { _ in })
  }

  @Test("the latch keeps what is written, in every width and place")
  func latch() {
    let device = device()
    device.write(port: 0xE0, size: 4, value: 0x4433_2211)
    for (port, byte) in zip(UInt16(0xE0)...0xE3, [0x11, 0x22, 0x33, 0x44] as [UInt32]) {
      #expect(device.read(port: port, size: 1) == byte)
    }
    #expect(device.read(port: 0xE1, size: 2) == 0x3322)
    device.write(port: 0xE2, size: 2, value: 0xFFFF_BEEF)
    #expect(device.read(port: 0xE0, size: 4) == 0xBEEF_2211)
    device.write(port: 0xE1, size: 1, value: 0x5A)
    #expect(device.read(port: 0xE0, size: 4) == 0xBEEF_5A11)
    // Beyond the latch nothing is kept.
    device.write(port: 0xE3, size: 4, value: 0xAABB_CCDD)
    #expect(device.read(port: 0xE0, size: 4) == 0xDDEF_5A11)
    #expect(device.read(port: 0xE3, size: 4) == 0xDD)
  }

  @Test("the byte latch is the lowest byte, in every width")
  func byteLatch() {
    let device = device()
    device.write(port: 0xE8, size: 4, value: 0x1234_5678)
    #expect(device.read(port: 0xE8, size: 4) == 0x78)
    #expect(device.read(port: 0xE0, size: 4) == 0x78)
  }

  @Test("a flush names the page")
  func flush() {
    let pages = Mutex<[UInt64]>([])
    let device = PCTestDevice(interrupts: []) { page in pages.withLock { $0.append(page) } }
    device.write(port: 0xE4, size: 4, value: 0xFFFF_FFFF)
    device.write(port: 0xE4, size: 4, value: 0x1000)
    #expect(device.read(port: 0xE4, size: 4) == 0)
    #expect(pages.withLock { $0 } == [0xFFFF_F000, 0x1000])
  }

  @Test("interrupt lines change only when the level does, and go low at a reset")
  func interrupts() {
    let lines = (0..<3).map { _ in RecordingLine() }
    let device = device(lines)
    device.write(port: 0x2001, size: 1, value: 1)
    device.write(port: 0x2001, size: 1, value: 0x80)
    #expect(lines[1].history == [true])
    device.write(port: 0x2001, size: 1, value: 0)
    device.write(port: 0x2002, size: 4, value: 1)
    device.write(port: 0x2003, size: 1, value: 1)  // no such line here
    device.write(port: 0xE0, size: 4, value: 1)
    device.reset()
    #expect(lines.map(\.history) == [[], [true, false], [true, false]])
    #expect(device.read(port: 0xE0, size: 4) == 0)
  }

  @Test("the memory keeps what is written, up to its end")
  func memory() {
    let memory = PCTestMemory()
    memory.write(offset: 8, size: 8, value: 0x8877_6655_4433_2211)
    #expect(memory.read(offset: 9, size: 4) == 0x5544_3322)
    memory.write(offset: PCTestMemory.size - 2, size: 8, value: 0xAABB_CCDD)
    #expect(memory.read(offset: PCTestMemory.size - 2, size: 8) == 0xCCDD)
    memory.write(offset: .max, size: 8, value: 1)
    #expect(memory.read(offset: .max, size: 8) == 0)
    memory.reset()
    #expect(memory.read(offset: 8, size: 8) == 0)
  }
}

@Suite("fw_cfg", .timeLimit(.minutes(5)))
struct FirmwareConfigurationTests {
  private let device = FirmwareConfiguration(
    FirmwareConfigurationItems(memorySize: 0x1_2345_6000, cpuCount: 3, commandLine: "a b"))

  private func read(_ key: UInt32, _ count: Int) -> [UInt8] {
    device.write(port: 0x510, size: 2, value: key)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: device.read(port: 0x511, size: 1)) }
  }

  @Test("items, byte by byte, then zeros")
  func items() {
    #expect(
      (0..<4).map { _ in device.read(port: 0x511, size: 1) } == Array("QEMU".utf8).map(UInt32.init))
    #expect(read(0, 6) == Array("QEMU".utf8) + [0, 0])
    #expect(read(1, 4) == [1, 0, 0, 0])
    #expect(read(3, 8) == [0, 0x60, 0x45, 0x23, 1, 0, 0, 0])
    #expect(read(5, 2) == [3, 0])
    #expect(read(0xF, 2) == [3, 0])
    #expect(read(0x14, 4) == [4, 0, 0, 0])
    #expect(read(0x15, 5) == Array("a b".utf8) + [0, 0])
    #expect(read(0x19, 4) == [0, 0, 0, 0])
  }

  @Test("what nothing has reads 0")
  func absent() {
    for key: UInt32 in [2, 4, 0x20, 0x4000, 0x8000, 0xFFFF] {
      #expect(read(key, 4) == [0, 0, 0, 0], "\(key)")
    }
  }

  @Test("only a word selects; data cannot be written; a reset selects the signature")
  func ports() {
    #expect(read(5, 1) == [3])
    device.write(port: 0x510, size: 1, value: 0)
    device.write(port: 0x511, size: 1, value: 0x55)
    #expect(device.read(port: 0x510, size: 2) == 0)
    #expect(device.read(port: 0x511, size: 1) == 0)  // the second byte
    device.reset()
    #expect(device.read(port: 0x511, size: 1) == 0x51)
  }
}
