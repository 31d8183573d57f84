import Devices
import Synchronization
import TestSupport
import Testing

/// The 82093AA's registers and what it sends.
@Suite(.timeLimit(.minutes(5)))
struct IOAPICTests {
  private final class Bus: Sendable {
    let messages = Mutex<[InterruptMessage]>([])
    let routes = Mutex(0)

    func make() -> IOAPIC {
      IOAPIC(
        send: { message in self.messages.withLock { $0.append(message) } },
        entriesChanged: { _ in self.routes.withLock { $0 += 1 } })
    }

    func take() -> [InterruptMessage] {
      messages.withLock { messages in
        defer { messages = [] }
        return messages
      }
    }
  }

  private func write(_ ioapic: IOAPIC, register: UInt8, _ value: UInt32) {
    ioapic.write(offset: 0, size: 4, value: UInt64(register))
    ioapic.write(offset: 0x10, size: 4, value: UInt64(value))
  }

  private func read(_ ioapic: IOAPIC, register: UInt8) -> UInt32 {
    ioapic.write(offset: 0, size: 4, value: UInt64(register))
    return UInt32(truncatingIfNeeded: ioapic.read(offset: 0x10, size: 4))
  }

  @Test("after power-on: version 0x20 with 24 entries, all masked, id 0")
  func powerOn() {
    let ioapic = Bus().make()
    #expect(read(ioapic, register: 1) == 0x0017_0020)
    #expect(read(ioapic, register: 0) == 0)
    for pin in UInt8(0)..<24 {
      #expect(read(ioapic, register: 0x10 + 2 * pin) == 1 << 16)
      #expect(read(ioapic, register: 0x11 + 2 * pin) == 0)
    }
    write(ioapic, register: 0, 0xFFFF_FFFF)
    #expect(read(ioapic, register: 0) == 0x0F00_0000, "the id has four bits")
    #expect(read(ioapic, register: 2) == 0x0F00_0000)
  }

  @Test("an edge sends one message with the entry's vector, mode and destination")
  func edge() {
    let bus = Bus()
    let ioapic = bus.make()
    write(ioapic, register: 0x10 + 8, 0x0000_0931)  // lowest priority, logical
    write(ioapic, register: 0x11 + 8, 0xA500_0000)
    let line = ioapic.line(4)
    line.set(true)
    #expect(bus.take() == [InterruptMessage(address: 0xFEEA_5004, data: 0x131)])
    line.set(true)
    #expect(bus.take().isEmpty, "no edge")
    line.set(false)
    #expect(bus.take().isEmpty)
    line.set(true)
    #expect(bus.take().count == 1)
  }

  @Test("a masked edge is lost; a masked level is delivered when it is unmasked")
  func masked() {
    let bus = Bus()
    let ioapic = bus.make()
    let edge = ioapic.line(1)
    edge.set(true)
    write(ioapic, register: 0x12, 0x31)
    #expect(bus.take().isEmpty)
    let level = ioapic.line(9)
    write(ioapic, register: 0x22, 1 << 16 | 1 << 15 | 0x39)
    level.set(true)
    #expect(bus.take().isEmpty)
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    #expect(bus.take() == [InterruptMessage(address: 0xFEE0_0000, data: 0xC039)])
    #expect(read(ioapic, register: 0x22) & 1 << 14 != 0, "remote IRR")
  }

  @Test("a level is sent again after its end for as long as it is asserted")
  func level() {
    let bus = Bus()
    let ioapic = bus.make()
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    let line = ioapic.line(9)
    line.set(true)
    line.set(false)
    line.set(true)
    #expect(bus.take().count == 1, "one is in service")
    ioapic.endOfInterrupt(vector: 0x38)
    #expect(bus.take().isEmpty, "another vector")
    ioapic.endOfInterrupt(vector: 0x39)
    #expect(bus.take().count == 1)
    line.set(false)
    ioapic.write(offset: 0x40, size: 4, value: 0x39)
    #expect(bus.take().isEmpty)
    #expect(read(ioapic, register: 0x22) & 1 << 14 == 0)
  }

  @Test(
    "whoever reports the ends learns of every change to a level-triggered entry, and only those")
  func routes() {
    let bus = Bus()
    let ioapic = bus.make()
    write(ioapic, register: 0x12, 0x31)
    #expect(bus.routes.withLock { $0 } == 0, "edge-triggered")
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    #expect(bus.routes.withLock { $0 } == 1)
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    #expect(bus.routes.withLock { $0 } == 1, "unchanged")
    write(ioapic, register: 0x23, 0x0100_0000)
    #expect(bus.routes.withLock { $0 } == 2, "another destination")
    write(ioapic, register: 0x22, 1 << 16 | 1 << 15 | 0x39)
    #expect(bus.routes.withLock { $0 } == 3, "masked")
  }

  @Test("reset masks everything, and keeps the wires' levels")
  func reset() {
    let bus = Bus()
    let ioapic = bus.make()
    ioapic.line(9).set(true)
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    ioapic.reset()
    _ = bus.take()
    #expect(read(ioapic, register: 0x22) == 1 << 16)
    write(ioapic, register: 0x22, 1 << 15 | 0x39)
    #expect(bus.take().count == 1)
  }

  @Test("a hostile guest gets a defined answer, and in-service entries are level-triggered ones")
  func hostile() {
    let bus = Bus()
    let ioapic = bus.make()
    var random = SplitMix64(seed: 9)
    for _ in 0..<300_000 {
      let offset: UInt64 =
        [0, 0x10, 0x40, .random(in: 0...0xFFFF, using: &random), .max]
        .randomElement(using: &random) ?? 0
      let size = [1, 2, 4, 8].randomElement(using: &random) ?? 4
      switch Int.random(in: 0..<4, using: &random) {
      case 0: _ = ioapic.read(offset: offset, size: size)
      case 1: ioapic.line(.random(in: -1...30, using: &random)).set(.random(using: &random))
      case 2: ioapic.endOfInterrupt(vector: .random(in: 0...255, using: &random))
      default:
        ioapic.write(offset: offset, size: size, value: .random(in: 0 ... .max, using: &random))
      }
      if bus.messages.withLock({ $0.count }) > 100 {
        #expect(bus.take().allSatisfy { $0.address >> 20 == 0xFEE })
      }
    }
    for pin in UInt8(0)..<24 {
      let low = read(ioapic, register: 0x10 + 2 * pin)
      #expect(low & 1 << 14 == 0 || low & 1 << 15 != 0)
    }
  }
}
