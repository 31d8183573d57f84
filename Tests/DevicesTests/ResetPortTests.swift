import Devices
import TestSupport
import Testing

@Suite("Ports that reset", .timeLimit(.minutes(5)))
struct ResetPortTests {
  private let a20 = A20Gate()
  private let resets = ResetLog()

  @Test("port 0x92 shares the A20 gate, and keeps its other bits")
  func systemControlPortA() {
    let port = SystemControlPortA(a20: a20) { [resets] in resets.append($0) }
    #expect(SystemControlPortA.ports == 0x92...0x92)
    #expect(port.read(port: 0x92, size: 1) == 0x02, "enabled from the start")
    port.write(port: 0x92, size: 1, value: 0xC8)
    #expect(!a20.isEnabled)
    #expect(port.read(port: 0x92, size: 1) == 0xC8)
    a20.set(true)
    #expect(port.read(port: 0x92, size: 1) == 0xCA)
    #expect(port.read(port: 0x92, size: 2) == 0xFFCA)
    port.write(port: 0x91, size: 2, value: 0x0001)
    #expect(!a20.isEnabled, "the high byte is port 0x92")
    #expect(resets.causes == [])
  }

  @Test("port 0x92 resets when bit 0 rises")
  func fastReset() {
    let port = SystemControlPortA(a20: a20) { [resets] in resets.append($0) }
    for value in [0x03, 0x03, 0x02, 0x01] as [UInt32] {
      port.write(port: 0x92, size: 1, value: value)
    }
    #expect(resets.causes == [.systemControlPortA, .systemControlPortA])
    #expect(!a20.isEnabled, "A20 is switched all the same")
    port.reset()
    #expect(port.read(port: 0x92, size: 1) == 0x00)
    port.write(port: 0x92, size: 1, value: 0x01)
    #expect(resets.causes.count == 3)
  }

  @Test("0xCF9 resets when bit 2 rises, as a driver that writes 2 and then 6 has it")
  func resetControl() {
    let register = ResetControlRegister { [resets] in resets.append($0) }
    #expect(ResetControlRegister.ports == 0xCF9...0xCF9)
    #expect(register.read(port: 0xCF9, size: 1) & 0xFF == 0x00)
    register.write(port: 0xCF9, size: 1, value: 0x02)
    #expect(resets.causes == [])
    register.write(port: 0xCF9, size: 1, value: 0x06)
    #expect(resets.causes == [.resetControlRegister])
    #expect(register.read(port: 0xCF9, size: 1) & 0xFF == 0x06)
    register.write(port: 0xCF9, size: 1, value: 0xF6)
    #expect(resets.causes.count == 1, "bit 2 has not risen")
    #expect(register.read(port: 0xCF9, size: 1) & 0xFF == 0x06, "bits that are none read 0")
    register.reset()
    register.write(port: 0xCF9, size: 1, value: 0x04)
    #expect(resets.causes.count == 2)
  }

  @Test("an access to PCI's CONFIG_ADDRESS does not reach 0xCF9")
  func configAddress() {
    let register = ResetControlRegister { [resets] in resets.append($0) }
    register.write(port: 0xCF8, size: 4, value: 0x8000_0400)
    register.write(port: 0xCF8, size: 2, value: 0x0600)
    register.write(port: 0xCFA, size: 1, value: 0x06)
    #expect(resets.causes == [])
    #expect(register.read(port: 0xCF8, size: 4) == 0xFFFF_FFFF)
    #expect(register.read(port: 0xCF9, size: 2) == 0xFFFF_FF00)
  }

  @Test("what a hostile guest writes resets, or does not, and nothing else")
  func randomAccesses() {
    let port = SystemControlPortA(a20: a20) { _ in }
    let register = ResetControlRegister { _ in }
    var random = SplitMix64(seed: 0xCF9)
    for _ in 0..<100_000 * effort {
      let bits = random.next()
      let value = UInt32(truncatingIfNeeded: bits >> 32)
      let size = Int(truncatingIfNeeded: bits >> 8) & 7
      let offset = UInt16(truncatingIfNeeded: bits >> 16) & 7
      if bits & 1 == 0 {
        port.write(port: 0x90 + offset, size: size, value: value)
        register.write(port: 0xCF6 + offset, size: size, value: value)
      } else {
        _ = port.read(port: 0x90 + offset, size: size)
        _ = register.read(port: 0xCF6 + offset, size: size)
      }
    }
    port.write(port: 0x92, size: 1, value: 0x02)
    register.write(port: 0xCF9, size: 1, value: 0)
    #expect(a20.isEnabled)
    #expect(port.read(port: 0x92, size: 1) == 0x02)
    #expect(register.read(port: 0xCF9, size: 1) & 0xFF == 0x00)
  }
}
