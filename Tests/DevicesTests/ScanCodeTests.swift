import Devices
import Testing

/// Set 1 from the PC/AT's manual: the keys with codes 0x01 to 0x53, in this order.
private let set1Keys: [Key] = [
  .escape, .digit1, .digit2, .digit3, .digit4, .digit5, .digit6, .digit7, .digit8, .digit9, .digit0,
  .minus, .equal, .deleteBackspace, .tab, .q, .w, .e, .r, .t, .y, .u, .i, .o, .p, .leftBracket,
  .rightBracket, .returnEnter, .leftControl, .a, .s, .d, .f, .g, .h, .j, .k, .l, .semicolon, .quote,
  .graveAccent, .leftShift, .backslash, .z, .x, .c, .v, .b, .n, .m, .comma, .period, .slash,
  .rightShift, .keypadAsterisk, .leftAlt, .spacebar, .capsLock, .f1, .f2, .f3, .f4, .f5, .f6, .f7,
  .f8, .f9, .f10, .keypadNumLock, .scrollLock, .keypad7, .keypad8, .keypad9, .keypadMinus, .keypad4,
  .keypad5, .keypad6, .keypadPlus, .keypad1, .keypad2, .keypad3, .keypad0, .keypadPeriod,
]
private let set1LaterKeys: [Key: UInt8] = [.nonUSBackslash: 0x56, .f11: 0x57, .f12: 0x58]
/// Those with the prefix 0xE0.
private let set1ExtendedKeys: [Key: UInt8] = [
  .keypadEnter: 0x1C, .rightControl: 0x1D, .keypadSlash: 0x35, .rightAlt: 0x38, .home: 0x47,
  .upArrow: 0x48, .pageUp: 0x49, .leftArrow: 0x4B, .rightArrow: 0x4D, .end: 0x4F, .downArrow: 0x50,
  .pageDown: 0x51, .insert: 0x52, .deleteForward: 0x53, .leftGUI: 0x5B, .rightGUI: 0x5C,
  .application: 0x5D,
]

/// The set 2 code of each set 1 code: what drivers keep to undo the controller's translation.
private let set2BySet1: [UInt8] = [
  0, 118, 22, 30, 38, 37, 46, 54, 61, 62, 70, 69, 78, 85, 102, 13,
  21, 29, 36, 45, 44, 53, 60, 67, 68, 77, 84, 91, 90, 20, 28, 27,
  35, 43, 52, 51, 59, 66, 75, 76, 82, 14, 18, 93, 26, 34, 33, 42,
  50, 49, 58, 65, 73, 74, 89, 124, 17, 41, 88, 5, 6, 4, 12, 3,
  11, 2, 10, 1, 9, 119, 126, 108, 117, 125, 123, 107, 115, 116, 121, 105,
  114, 122, 112, 113, 127, 96, 97, 120, 7, 15, 23, 31, 39, 47, 55, 63,
  71, 79, 86, 94, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 87, 111,
  19, 25, 57, 81, 83, 92, 95, 98, 99, 100, 101, 103, 104, 106, 109, 110,
]

@Suite("Scan codes", .timeLimit(.minutes(5)))
struct ScanCodeTests {
  /// Every key's make code in set 1, less Print Screen and Pause.
  private static var set1: [Key: [UInt8]] {
    var codes: [Key: [UInt8]] = [:]
    for (index, key) in set1Keys.enumerated() { codes[key] = [UInt8(index + 1)] }
    for (key, code) in set1LaterKeys { codes[key] = [code] }
    for (key, code) in set1ExtendedKeys { codes[key] = [0xE0, code] }
    return codes
  }

  @Test("there are the 105 keys of a keyboard, and usages name them")
  func keys() {
    #expect(Key.allCases.count == 105)
    #expect(Set(set1Keys + set1LaterKeys.keys + set1ExtendedKeys.keys).count == 103)
    let usages: [Key: UInt8] = [
      .a: 0x04, .z: 0x1D, .digit1: 0x1E, .digit0: 0x27, .backslash: 0x31, .semicolon: 0x33,
      .capsLock: 0x39, .f1: 0x3A, .f12: 0x45, .pause: 0x48, .upArrow: 0x52, .keypadNumLock: 0x53,
      .keypadPeriod: 0x63, .nonUSBackslash: 0x64, .application: 0x65, .rightGUI: 0xE7,
    ]
    for (key, usage) in usages { #expect(key.rawValue == usage) }
  }

  @Test("every key in set 1, as the keyboard sends it", arguments: Key.allCases)
  func set1(key: Key) {
    guard let make = Self.set1[key] else { return #expect(key == .printScreen || key == .pause) }
    var keyboard = PS2Keyboard()
    #expect(keyboard.answers(to: 0xF0, 0x01) == [0xFA, 0xFA])
    let codes = keyboard.codes(of: key)
    #expect(codes.make == make)
    #expect(codes.break == make.dropLast() + [make[make.count - 1] | 0x80])
  }

  @Test(
    "every key in set 2, translated by the controller, is the key in set 1", arguments: Key.allCases
  )
  func translated(key: Key) {
    let board = KeyboardControllerBoard()
    var keyboard = PS2Keyboard()
    _ = keyboard.answers(to: 0xF0, 0x01)
    let codes = keyboard.codes(of: key)
    board.controller.press(key)
    #expect(board.readAll() == codes.make)
    board.controller.release(key)
    #expect(board.readAll() == codes.break)
  }

  @Test(
    "every key in set 2, untranslated, is what drivers expect behind set 1", arguments: Key.allCases
  )
  func set2(key: Key) {
    guard let set1 = Self.set1[key] else { return #expect(key == .printScreen || key == .pause) }
    var keyboard = PS2Keyboard()
    let codes = keyboard.codes(of: key)
    // The one code that does not fit into seven bits shares its translation with 0x02.
    let code = key == .f7 ? 0x83 : set2BySet1[Int(set1[set1.count - 1])]
    #expect(codes.make == set1.dropLast() + [code])
    #expect(codes.break == set1.dropLast() + [0xF0, code])
  }

  @Test("Pause sends all at once and no release; with Control it is Break")
  func pause() {
    var keyboard = PS2Keyboard()
    var codes = keyboard.codes(of: .pause)
    #expect(codes.make == [0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77])
    #expect(codes.break == [])
    keyboard.press(.rightControl)
    _ = keyboard.transmitAll()
    codes = keyboard.codes(of: .pause)
    #expect(codes.make == [0xE0, 0x7E, 0xE0, 0xF0, 0x7E])
    #expect(codes.break == [])

    _ = keyboard.answers(to: 0xF0, 0x01)
    keyboard.release(.rightControl)
    _ = keyboard.transmitAll()
    codes = keyboard.codes(of: .pause)
    #expect(codes.make == [0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5])
  }

  @Test("Print Screen pretends to be shifted, unless it is; with Alt it is System Request")
  func printScreen() {
    var keyboard = PS2Keyboard()
    var codes = keyboard.codes(of: .printScreen)
    #expect(codes.make == [0xE0, 0x12, 0xE0, 0x7C])
    #expect(codes.break == [0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12])
    for modifier in [Key.leftShift, .rightShift, .leftControl, .rightControl] {
      keyboard.press(modifier)
      _ = keyboard.transmitAll()
      codes = keyboard.codes(of: .printScreen)
      #expect(codes.make == [0xE0, 0x7C])
      #expect(codes.break == [0xE0, 0xF0, 0x7C])
      keyboard.release(modifier)
      _ = keyboard.transmitAll()
    }
    for modifier in [Key.leftAlt, .rightAlt] {
      keyboard.press(modifier)
      _ = keyboard.transmitAll()
      keyboard.press(.printScreen)
      #expect(keyboard.transmitAll() == [0x84])
      keyboard.release(modifier)
      _ = keyboard.transmitAll()
      keyboard.release(.printScreen)
      #expect(keyboard.transmitAll() == [0xF0, 0x84], "the key that was pressed is released")
    }
    _ = keyboard.answers(to: 0xF0, 0x01)
    codes = keyboard.codes(of: .printScreen)
    #expect(codes.make == [0xE0, 0x2A, 0xE0, 0x37])
    #expect(codes.break == [0xE0, 0xB7, 0xE0, 0xAA])
  }

  @Test("the translation of every byte, and of every byte behind the break prefix")
  func translationTable() {
    var expected = (0...0xFF).map { UInt8($0) }
    for set1 in 0x01...0x7F { expected[Int(set2BySet1[set1])] = UInt8(set1) }
    // The keyboard's overrun code, and the two codes that do not fit into seven bits.
    expected[0x00] = 0xFF
    expected[0x83] = 0x41
    expected[0x84] = 0x54
    var translator = ScanCodeTranslator()
    for byte in UInt8.min...0xFF where byte != 0xF0 {
      #expect(translator.translate(byte) == expected[Int(byte)])
      #expect(translator.translate(0xF0) == nil)
      #expect(translator.translate(byte) == expected[Int(byte)] | 0x80)
    }
  }
}
