import Devices
import Testing

@Suite("Ports that end the machine", .timeLimit(.minutes(5)))
struct PowerOffTests {
  private let requests = Counter()
  private let device: PowerOffPorts

  init() {
    let requests = requests
    device = PowerOffPorts { requests.increment() }
  }

  private func spell(_ text: String) {
    for letter in text.utf8 { device.write(port: 0x8900, size: 1, value: UInt32(letter)) }
  }

  @Test(
    "each register switches off with its value and no other",
    arguments: [(0xB004, 0x2000), (0x4004, 0x3400)] as [(UInt16, UInt16)])
  func registers(port: UInt16, value: UInt16) {
    #expect(PowerOffPorts.ports.contains(port...(port + 1)))
    for other in UInt16.min...UInt16.max where other != value {
      device.write(port: port, size: 2, value: UInt32(other))
    }
    device.write(port: port, size: 1, value: UInt32(value))
    device.write(port: port + 1, size: 1, value: UInt32(value >> 8))
    device.write(port: port + 1, size: 2, value: UInt32(value))
    #expect(requests.count == 0)
    device.write(port: port, size: 2, value: UInt32(value))
    #expect(requests.count == 1)
    device.write(port: port, size: 4, value: UInt32(value) | 0xFFFF_0000)
    #expect(requests.count == 2)
    #expect(device.read(port: port, size: 4) == .max)
  }

  @Test(
    "the text Shutdown switches off once it is complete",
    arguments: [
      ("Shutdown", 1), ("Shutdow", 0), ("hutdown", 0), ("shutdown", 0), ("SShutdown", 1),
      ("ShutShutdown", 1), ("ShutdowShutdown", 1), ("Shut down", 0), ("ShutdownShutdown", 2),
      ("Shutdownn", 1), ("ShutSdown", 0), ("nwodtuhS", 0),
    ])
  func text(text: String, times: Int) {
    spell(text)
    #expect(requests.count == times)
  }

  @Test("the text may be interrupted by other ports, and does not end by itself")
  func interrupted() {
    spell("Shut")
    device.write(port: 0xB004, size: 2, value: 0)
    spell("down")
    #expect(requests.count == 1)
    spell("n")
    #expect(requests.count == 1)
  }

  @Test("pvpanic tells its events and reports them")
  func panic() {
    let panics = Counter()
    let device = PVPanic { panics.increment() }
    #expect(PVPanic.ports == 0x505...0x505)
    #expect(device.read(port: 0x505, size: 1) & 0xFF == 0b11)
    #expect(device.read(port: 0x505, size: 2) & 0xFFFF == 0xFF03)
    device.write(port: 0x505, size: 1, value: 0xFFFF_FFFC)
    device.write(port: 0x505, size: 2, value: 0x0300)
    #expect(panics.count == 0 && device.crashLoadedCount == 0)
    device.write(port: 0x505, size: 1, value: 0b10)
    #expect(panics.count == 0 && device.crashLoadedCount == 1)
    device.write(port: 0x505, size: 1, value: 0b01)
    #expect(panics.count == 1 && device.crashLoadedCount == 1)
    device.write(port: 0x505, size: 1, value: 0b11)
    #expect(panics.count == 2 && device.crashLoadedCount == 2)
  }
}
