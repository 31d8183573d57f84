import Devices
import Synchronization
import Testing

@Suite("POST codes", .timeLimit(.minutes(5)))
struct POSTCodePortTests {
  private func write(_ port: POSTCodePort, _ codes: [UInt8]) {
    for code in codes { port.write(port: 0x80, size: 1, value: UInt32(code)) }
  }

  @Test("the last eight are remembered, in order")
  func recent() {
    let port = POSTCodePort()
    #expect(port.recentCodes == [])
    write(port, [0x00, 0x10, 0x20])
    #expect(port.recentCodes == [0x00, 0x10, 0x20])
    write(port, [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(port.recentCodes == [2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test("a delay loop, which repeats one code, pushes no other out")
  func repeated() {
    let port = POSTCodePort()
    write(port, [0x11, 0x22] + [UInt8](repeating: 0, count: 1000) + [0x22])
    #expect(port.recentCodes == [0x11, 0x22, 0x00, 0x22])
  }

  @Test("the last code reads back, and nothing else in a wide access")
  func readback() {
    let port = POSTCodePort()
    #expect(port.read(port: 0x80, size: 1) & 0xFF == 0)
    write(port, [0x11, 0xA5])
    #expect(port.read(port: 0x80, size: 1) & 0xFF == 0xA5)
    #expect(port.read(port: 0x80, size: 4) == 0xFFFF_FFA5)
    port.write(port: 0x80, size: 4, value: 0x1234_5678)
    #expect(port.recentCodes == [0x11, 0xA5, 0x78])
  }
}
