import Devices
import Testing

@Suite("PS/2 mouse", .timeLimit(.minutes(5)))
struct PS2MouseTests {
  /// A mouse that reports, of the given type.
  private func mouse(_ type: PS2Mouse.DeviceType = .standard) -> PS2Mouse {
    var mouse = PS2Mouse()
    switch type {
    case .standard: break
    case .intelliMouse: _ = mouse.answers(to: 0xF3, 200, 0xF3, 100, 0xF3, 80)
    case .intelliMouseExplorer: _ = mouse.answers(to: 0xF3, 200, 0xF3, 200, 0xF3, 80)
    }
    _ = mouse.answers(to: 0xF4)
    return mouse
  }

  @Test("each command has its answer")
  func answers() {
    var mouse = PS2Mouse()
    #expect(!mouse.hasOutput)
    for command in [0xE6, 0xE7, 0xEA, 0xEC, 0xF0, 0xF4, 0xF5, 0xF6] as [UInt8] {
      #expect(mouse.answers(to: command) == [0xFA])
    }
    #expect(mouse.answers(to: 0xF2) == [0xFA, 0x00])
    #expect(mouse.answers(to: 0xFF) == [0xFA, 0xAA, 0x00])
    #expect(mouse.answers(to: 0xE8, 3) == [0xFA, 0xFA])
    #expect(mouse.answers(to: 0xF3, 200) == [0xFA, 0xFA])
    for unknown in [0x00, 0xE1, 0xE2, 0xE5, 0xED, 0xEF, 0xF1, 0xF7, 0xFD] as [UInt8] {
      #expect(mouse.answers(to: unknown) == [0xFE])
    }
  }

  @Test("arguments that are none are refused and change nothing")
  func wrongArguments() {
    var mouse = PS2Mouse()
    #expect(mouse.answers(to: 0xE8, 4) == [0xFA, 0xFE])
    #expect(mouse.answers(to: 0xF3, 99) == [0xFA, 0xFE])
    #expect(mouse.answers(to: 0xF3, 0xFF) == [0xFA, 0xFA, 0xAA, 0x00], "a reset is always one")
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x00, 2, 100])
  }

  @Test("the status has modes, buttons, resolution and rate")
  func status() {
    var mouse = PS2Mouse()
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x00, 2, 100])
    _ = mouse.answers(to: 0xE7, 0xF4, 0xE8, 0, 0xF3, 40)
    mouse.setButtons([.left, .extra])
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x34, 0, 40, 0x09, 0x00, 0x00], "and the report")
    mouse.setButtons([.right])
    _ = mouse.answers(to: 0xF0)
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x71, 0, 40])
    mouse.setButtons([.middle])
    _ = mouse.answers(to: 0xF6)
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x02, 2, 100])
  }

  @Test("a packet counts right and up; the signs are in its first byte")
  func packets() {
    var mouse = mouse()
    mouse.move(dx: 5, dy: -7)
    #expect(mouse.transmitAll() == [0x08, 5, 7])
    mouse.move(dx: -5, dy: 7)
    #expect(mouse.transmitAll() == [0x38, 0xFB, 0xF9])
    mouse.setButtons([.left, .right, .middle])
    #expect(mouse.transmitAll() == [0x0F, 0, 0])
    mouse.setButtons([])
    #expect(mouse.transmitAll() == [0x08, 0, 0])
    mouse.setButtons([])
    mouse.move(dx: 0, dy: 0)
    #expect(mouse.transmitAll() == [], "nothing has changed")
  }

  @Test("a movement beyond nine bits is sent in several packets, and nothing of it is lost")
  func largeMovement() {
    var mouse = mouse()
    mouse.move(dx: 600, dy: 256)
    #expect(
      mouse.transmitAll() == [0x28, 255, 0x01, 0x28, 255, 0xFF, 0x08, 90, 0])
  }

  @Test("a counter stops at its limit, and the next packet says that counts were lost")
  func overflow() {
    var mouse = mouse()
    mouse.move(dx: .max, dy: .max)
    mouse.move(dx: .max, dy: .min)
    mouse.move(dx: .max, dy: .min)
    let bytes = mouse.transmitAll()
    #expect(bytes.prefix(3) == [0xC8, 255, 255])
    #expect(bytes.dropFirst(3).prefix(3) == [0x08, 255, 255])
    #expect(bytes.count == 3 * 129, "32767 counts at 255 a packet")
    mouse.move(dx: .min, dy: 0, wheel: .min)
    #expect(mouse.transmitAll().prefix(3) == [0x58, 0x01, 0])
  }

  @Test("movements join the report that waits; changes of buttons begin one each")
  func coalescing() {
    var mouse = mouse()
    mouse.move(dx: 1, dy: 0)
    mouse.move(dx: 2, dy: -4)
    mouse.setButtons(.left)
    mouse.move(dx: 3, dy: 0)
    mouse.setButtons([])
    mouse.move(dx: 10, dy: 0)
    mouse.move(dx: -10, dy: 0)
    #expect(mouse.transmitAll() == [0x08, 3, 4, 0x09, 3, 0, 0x08, 0, 0])
  }

  @Test("sixteen changes of buttons wait; then the last one wins, and motion is not lost")
  func boundedReports() {
    var mouse = mouse()
    for index in 0..<1001 {
      mouse.setButtons(index % 2 == 0 ? .left : .right)
      mouse.move(dx: 1, dy: 0)
    }
    let bytes = mouse.transmitAll()
    let packets = stride(from: 0, to: bytes.count, by: 3).map { Array(bytes[$0..<$0 + 3]) }
    #expect(packets.prefix(2) == [[0x09, 1, 0], [0x0A, 1, 0]])
    #expect(packets.last?.first == 0x09, "the buttons as they are now")
    #expect(packets.reduce(0) { $0 + Int($1[1]) } == 1001)
    #expect(packets.count == 15 + 4, "986 counts in the last report")
  }

  @Test("the wheel is there for who unlocks it, eight notches a packet")
  func wheel() {
    var mouse = mouse()
    mouse.move(dx: 0, dy: 0, wheel: 1)
    #expect(mouse.transmitAll() == [], "a mouse without a wheel")

    mouse = self.mouse(.intelliMouse)
    #expect(mouse.answers(to: 0xF2) == [0xFA, 0x03])
    mouse.move(dx: 1, dy: 0, wheel: 1)
    #expect(mouse.transmitAll() == [0x08, 1, 0, 0xFF])
    mouse.move(dx: 0, dy: 0, wheel: -9)
    #expect(mouse.transmitAll() == [0x08, 0, 0, 7, 0x08, 0, 0, 2])
    mouse.setButtons(.side)
    #expect(mouse.transmitAll() == [0x08, 0, 0, 0])
  }

  @Test("the fourth and fifth button share a byte with the wheel")
  func explorer() {
    var mouse = mouse(.intelliMouseExplorer)
    #expect(mouse.answers(to: 0xF2) == [0xFA, 0x04])
    mouse.setButtons([.side])
    mouse.move(dx: 0, dy: 0, wheel: 1)
    #expect(mouse.transmitAll() == [0x08, 0, 0, 0x1F])
    mouse.setButtons([.side, .extra])
    #expect(mouse.transmitAll() == [0x08, 0, 0, 0x30])
    #expect(mouse.answers(to: 0xF6, 0xF2) == [0xFA, 0xFA, 0x04], "defaults keep the type")
    #expect(mouse.answers(to: 0xFF, 0xF2) == [0xFA, 0xAA, 0x00, 0xFA, 0x00])
  }

  @Test("other sample rates unlock nothing")
  func noUnlocking() {
    var mouse = PS2Mouse()
    _ = mouse.answers(to: 0xF3, 200, 0xF3, 80, 0xF3, 100, 0xF3, 80)
    #expect(mouse.answers(to: 0xF2) == [0xFA, 0x00])
  }

  @Test("2:1 scaling is for stream mode")
  func scaling() {
    var mouse = mouse()
    _ = mouse.answers(to: 0xE7)
    for (counts, scaled) in [(1, 1), (2, 1), (3, 3), (4, 6), (5, 9), (6, 12), (127, 254)] {
      mouse.move(dx: counts, dy: counts)
      #expect(mouse.transmitAll() == [0x28, UInt8(scaled), UInt8(256 - scaled)])
    }
    mouse.move(dx: 128, dy: 0)
    #expect(mouse.transmitAll() == [0x08, 254, 0, 0x08, 1, 0])
    _ = mouse.answers(to: 0xF0)
    mouse.move(dx: 5, dy: 0)
    #expect(mouse.answers(to: 0xEB) == [0xFA, 0x08, 5, 0])
    _ = mouse.answers(to: 0xE6, 0xEA)
    mouse.move(dx: 5, dy: 0)
    #expect(mouse.transmitAll() == [0x08, 5, 0])
  }

  @Test("in remote mode a packet comes when asked for, also when nothing has moved")
  func remoteMode() {
    var mouse = PS2Mouse()
    _ = mouse.answers(to: 0xF0)
    mouse.move(dx: 2, dy: 0)
    #expect(!mouse.hasOutput)
    #expect(mouse.answers(to: 0xEB) == [0xFA, 0x08, 2, 0])
    #expect(mouse.answers(to: 0xEB) == [0xFA, 0x08, 0, 0])
    mouse.move(dx: 2, dy: 0)
    #expect(mouse.answers(to: 0xEA) == [0xFA])
    mouse.move(dx: 2, dy: 0)
    #expect(!mouse.hasOutput, "stream mode has not been enabled")
    mouse.setButtons(.right)
    #expect(mouse.answers(to: 0xEB) == [0xFA, 0x0A, 0, 0], "but the buttons are known")
  }

  @Test("in wrap mode all but two commands come back")
  func wrapMode() {
    var mouse = mouse()
    #expect(mouse.answers(to: 0xEE) == [0xFA])
    #expect(mouse.answers(to: 0x00, 0xF2, 0xEE, 0xFE, 0xF3) == [0x00, 0xF2, 0xEE, 0xFE, 0xF3])
    mouse.move(dx: 1, dy: 0)
    #expect(!mouse.hasOutput)
    #expect(mouse.answers(to: 0xEC) == [0xFA])
    mouse.move(dx: 4, dy: 0)
    #expect(mouse.transmitAll() == [0x08, 4, 0], "stream mode goes on, from here")
    _ = mouse.answers(to: 0xEE)
    #expect(mouse.answers(to: 0xFF, 0xF2) == [0xFA, 0xAA, 0x00, 0xFA, 0x00])
  }

  @Test("resend repeats the last answer or packet as a whole")
  func resend() {
    var mouse = mouse()
    #expect(
      mouse.answers(to: 0xE9, 0xFE, 0xFE).suffix(8) == [0xFA, 0x20, 2, 100, 0xFA, 0x20, 2, 100])
    mouse.move(dx: 9, dy: 0)
    #expect(mouse.transmitAll() == [0x08, 9, 0])
    #expect(mouse.answers(to: 0xFE) == [0x08, 9, 0])
  }

  @Test("a command interrupts a packet, which is sent again; one that ends reporting drops it")
  func interruptedPacket() {
    var mouse = mouse()
    mouse.move(dx: 9, dy: 0)
    #expect(mouse.transmit() == 0x08)
    #expect(mouse.transmit() == 9)
    #expect(mouse.answers(to: 0xE9) == [0xFA, 0x20, 2, 100, 0x08, 9, 0])
    mouse.move(dx: 9, dy: 0)
    #expect(mouse.transmit() == 0x08)
    #expect(mouse.answers(to: 0xF5) == [0xFA])
  }
}
