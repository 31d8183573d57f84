import Devices
import Testing

@Suite("PS/2 keyboard", .timeLimit(.minutes(5)))
struct PS2KeyboardTests {
  @Test("a keyboard is silent, scans, and uses set 2")
  func powerOn() {
    let keyboard = PS2Keyboard()
    #expect(!keyboard.hasOutput)
    #expect(keyboard.isScanning)
    #expect(keyboard.scanCodeSet == 2)
    #expect(keyboard.leds == [])
  }

  @Test("each command has its answer")
  func answers() {
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xEE) == [0xEE])
    #expect(keyboard.answers(to: 0xF2) == [0xFA, 0xAB, 0x83])
    #expect(keyboard.answers(to: 0xF4) == [0xFA])
    #expect(keyboard.answers(to: 0xF3, 0x7F) == [0xFA, 0xFA])
    #expect(keyboard.answers(to: 0xFF) == [0xFA, 0xAA])
    for unknown in [0x00, 0x7F, 0xEC, 0xEF, 0xF1, 0xFB, 0xFC, 0xFD] as [UInt8] {
      #expect(keyboard.answers(to: unknown) == [0xFE])
    }
  }

  @Test("the lamps are what was set, until the defaults")
  func leds() {
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xED, 0x06) == [0xFA, 0xFA])
    #expect(keyboard.leds == [.numLock, .capsLock])
    #expect(keyboard.answers(to: 0xED, 0x79) == [0xFA, 0xFA])
    #expect(keyboard.leds == .scrollLock)
    #expect(keyboard.answers(to: 0xF6) == [0xFA])
    #expect(keyboard.leds == [])
  }

  @Test("sets 1 and 2 can be selected and asked for; others are refused and change nothing")
  func scanCodeSets() {
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xF0, 0x00) == [0xFA, 0xFA, 0x02])
    #expect(keyboard.answers(to: 0xF0, 0x01) == [0xFA, 0xFA])
    #expect(keyboard.answers(to: 0xF0, 0x00) == [0xFA, 0xFA, 0x01])
    #expect(keyboard.answers(to: 0xF0, 0x03) == [0xFA, 0xFE])
    #expect(keyboard.scanCodeSet == 1)
    #expect(keyboard.answers(to: 0xF5) == [0xFA])
    #expect(keyboard.scanCodeSet == 2)
  }

  @Test("a command in the place of an argument starts anew")
  func commandInsteadOfArgument() {
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xED, 0xF2) == [0xFA, 0xFA, 0xAB, 0x83])
    #expect(keyboard.answers(to: 0x02) == [0xFE], "the argument is not waited for any more")
  }

  @Test("resend repeats the last byte, as often as asked")
  func resend() {
    var keyboard = PS2Keyboard()
    _ = keyboard.answers(to: 0xF2)
    #expect(keyboard.answers(to: 0xFE, 0xFE) == [0x83, 0x83])
    keyboard.press(.a)
    #expect(keyboard.transmitAll() == [0x1C])
    #expect(keyboard.answers(to: 0xFE) == [0x1C])
  }

  @Test("a disabled keyboard reports no key, and an enabled one forgets those before")
  func disable() {
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xF5) == [0xFA])
    keyboard.press(.a)
    #expect(keyboard.transmitAll() == [])
    #expect(keyboard.answers(to: 0xF4) == [0xFA])
    #expect(keyboard.transmitAll() == [])
    keyboard.release(.a)
    #expect(keyboard.answers(to: 0xF4) == [0xFA], "the release is forgotten, too")
    keyboard.press(.b)
    #expect(keyboard.transmitAll() == [0x32])
    _ = keyboard.answers(to: 0xF5)
    #expect(keyboard.answers(to: 0xFF) == [0xFA, 0xAA])
    #expect(keyboard.isScanning)
  }

  @Test("an answer overtakes scan codes, and a new command replaces it")
  func answerFirst() {
    var keyboard = PS2Keyboard()
    keyboard.press(.a)
    keyboard.receive(0xF2)
    #expect(keyboard.transmit() == 0xFA)
    keyboard.receive(0xEE)
    #expect(keyboard.transmitAll() == [0xEE, 0x1C])
  }

  @Test(
    "sixteen bytes wait; the overrun code follows once, and what is read makes room",
    arguments: [1, 2] as [UInt8])
  func overrun(set: UInt8) {
    var keyboard = PS2Keyboard()
    _ = keyboard.answers(to: 0xF0, set)
    for _ in 0..<100 { keyboard.press(.a) }
    keyboard.press(.pause)
    let a: UInt8 = set == 1 ? 0x1E : 0x1C
    let overrun: UInt8 = set == 1 ? 0xFF : 0x00
    #expect(keyboard.transmit() == a)
    #expect(keyboard.transmit() == a)
    keyboard.press(.a)
    #expect(
      keyboard.transmitAll() == [UInt8](repeating: a, count: 14) + [overrun, a],
      "a lost key leaves its mark at its place")
    keyboard.press(.a)
    #expect(keyboard.transmitAll() == [a])
  }

  @Test("a key's codes are queued whole or not at all")
  func wholeSequences() {
    var keyboard = PS2Keyboard()
    for _ in 0..<2 { keyboard.press(.pause) }
    for _ in 0..<3 { keyboard.press(.upArrow) }
    let pause: [UInt8] = [0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77]
    #expect(keyboard.transmitAll() == pause + pause + [0x00])
    for _ in 0..<15 { keyboard.press(.a) }
    keyboard.press(.upArrow)
    #expect(keyboard.transmitAll() == [UInt8](repeating: 0x1C, count: 15) + [0x00])
  }
}
