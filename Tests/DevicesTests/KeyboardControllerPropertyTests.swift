import Devices
import TestSupport
import Testing

@Suite("8042 properties", .timeLimit(.minutes(5)))
struct KeyboardControllerPropertyTests {
  /// Values that mean something, and others.
  private func value(_ random: inout SplitMix64) -> UInt32 {
    let bits = random.next()
    let commands: [UInt8] = [
      0x20, 0x60, 0xA7, 0xA8, 0xAD, 0xAE, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD4, 0xD4, 0xF4, 0xF4,
      0xED, 0xF0, 0xF2, 0xF3, 0xEB, 0xEE, 0xEC, 0xE7, 200, 100, 80, 0x47, 0x01,
    ]
    return bits & 3 == 0
      ? UInt32(truncatingIfNeeded: bits >> 32)
      : UInt32(commands[Int(bits >> 32) % commands.count])
  }

  @Test(
    "no access and no input breaks the invariants, and drivers can set all up again",
    arguments: [0x8042, 0x5052, 0x3257] as [UInt64])
  func randomOperations(seed: UInt64) {
    let board = KeyboardControllerBoard()
    let controller = board.controller
    let keys = Key.allCases
    var random = SplitMix64(seed: seed)
    for _ in 0..<100_000 * effort {
      let bits = random.next()
      let port = 0x5F + UInt16(truncatingIfNeeded: bits >> 8) % 7
      let size = Int(truncatingIfNeeded: bits >> 16) & 7
      let key = keys[Int(truncatingIfNeeded: bits >> 24 & 0xFFFF) % keys.count]
      switch bits & 0x1F {
      case 0..<10: controller.write(port: port, size: size, value: value(&random))
      case 10..<20: _ = controller.read(port: port, size: size)
      case 20..<23: controller.press(key)
      case 23..<25: controller.release(key)
      case 25: controller.type("Xy\n")
      case 26..<28:
        controller.moveMouse(
          dx: Int(truncatingIfNeeded: random.next()),
          dy: Int(truncatingIfNeeded: random.next()) >> 48,
          wheel: Int(truncatingIfNeeded: random.next()) >> 60)
      case 28..<30:
        controller.setMouseButtons(.init(rawValue: UInt8(truncatingIfNeeded: bits >> 40)))
      default:
        board.clock.advance(by: bits >> 40)
        controller.advance(to: board.clock.now)
      }
      controller._checkInvariants()
    }
    // Whatever happened: a bounded number of bytes waits, and then everything can be set up.
    controller.write(port: 0x64, size: 1, value: 0xAE)
    controller.write(port: 0x64, size: 1, value: 0xA8)
    #expect(board.readAll().count < 20_000, "seed \(seed)")
    _ = board.call(0xAD)
    _ = board.call(0xA7)
    #expect(board.call(0xAA) == [0x55], "seed \(seed)")
    _ = board.call(0x60, 0x77)
    #expect(board.mouse(0xFF) == [0xFA, 0xAA, 0x00], "seed \(seed)")
    // A key that was held may be released now, behind the answer.
    #expect(board.keyboard(0xFF).prefix(2) == [0xFA, 0xAA], "seed \(seed)")
  }

  @Test("a keyboard alone takes any bytes and keys")
  func keyboard() {
    let keys = Key.allCases
    var random = SplitMix64(seed: 0x101)
    var keyboard = PS2Keyboard()
    for _ in 0..<200_000 * effort {
      let bits = random.next()
      let key = keys[Int(truncatingIfNeeded: bits >> 24 & 0xFFFF) % keys.count]
      switch bits & 7 {
      case 0: keyboard.receive(UInt8(truncatingIfNeeded: bits >> 8))
      case 1..<4: keyboard.press(key)
      case 4: keyboard.release(key)
      default: _ = keyboard.transmit()
      }
      keyboard._checkInvariants()
    }
    #expect(keyboard.transmitAll().count <= 20)
    #expect(keyboard.answers(to: 0xFF, 0xF2) == [0xFA, 0xAA, 0xFA, 0xAB, 0x83])
  }

  @Test(
    "a mouse that streams never loses a count that fits into its counters",
    arguments: 1...4 as ClosedRange<UInt64>)
  func motionIsConserved(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var mouse = PS2Mouse()
    _ = mouse.answers(to: 0xF3, 200, 0xF3, 100, 0xF3, 80, 0xF4)
    var moved = (x: 0, y: 0, wheel: 0)
    var received: [UInt8] = []
    for _ in 0..<50_000 * effort {
      let bits = random.next()
      switch bits & 7 {
      case 0, 1:
        let dx = Int(bits >> 8 & 0xFF) - 128
        let dy = Int(bits >> 16 & 0xFF) - 128
        let wheel = Int(bits >> 24 & 0x7) - 4
        mouse.move(dx: dx, dy: dy, wheel: wheel)
        moved = (moved.x + dx, moved.y - dy, moved.wheel - wheel)
      case 2: mouse.setButtons(.init(rawValue: UInt8(truncatingIfNeeded: bits >> 8)))
      default: if let byte = mouse.transmit() { received.append(byte) }
      }
      mouse._checkInvariants()
    }
    received += mouse.transmitAll()
    try #require(received.count % 4 == 0, "seed \(seed)")
    var sum = (x: 0, y: 0, wheel: 0)
    for start in stride(from: 0, to: received.count, by: 4) {
      let head = received[start]
      try #require(head & 0xC8 == 0x08, "seed \(seed): overflow, or no packet's first byte")
      sum.x += Int(received[start + 1]) - (head & 0x10 != 0 ? 256 : 0)
      sum.y += Int(received[start + 2]) - (head & 0x20 != 0 ? 256 : 0)
      sum.wheel += Int(Int8(bitPattern: received[start + 3]))
    }
    #expect(sum == moved, "seed \(seed)")
  }
}
