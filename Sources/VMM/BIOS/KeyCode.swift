/// What INT 16h returns for a key: the scan code in the upper byte, the character in the lower one.
///
/// IBM PC/AT and PS/2 Technical Reference, "Keyboard", for the keyboard of 101 keys.
struct KeyCode: Equatable {
  /// Which keys are held or locked: the low byte is 0040:0017.
  struct Shifts: OptionSet {
    let rawValue: UInt8
    static let rightShift = Self(rawValue: 0x01)
    static let leftShift = Self(rawValue: 0x02)
    static let control = Self(rawValue: 0x04)
    static let alt = Self(rawValue: 0x08)
    static let scrollLock = Self(rawValue: 0x10)
    static let numLock = Self(rawValue: 0x20)
    static let capsLock = Self(rawValue: 0x40)
    static let insert = Self(rawValue: 0x80)
    static let shift: Self = [.rightShift, .leftShift]
  }

  let word: UInt16

  private init(_ scanCode: UInt8, _ character: UInt8 = 0) {
    word = UInt16(scanCode) << 8 | UInt16(character)
  }

  /// Translates a key of scan code set 1; nil for what is no key, or types nothing with these shifts.
  ///
  /// - Parameters:
  ///   - scanCode: 01h to 58h.
  ///   - isExtended: Whether E0h came before it.
  init?(scanCode: UInt8, isExtended: Bool, _ shifts: Shifts) {
    let known =
      if isExtended {
        Self.extended(scanCode, shifts)
      } else {
        Self.special(scanCode, shifts) ?? Self.keypad(scanCode, shifts)
          ?? Self.character(scanCode, shifts)
      }
    guard let known else { return nil }
    self = known
  }

  // MARK: Characters

  /// The characters of the scan codes from 00h on, without and with Shift; a space where there is
  /// none, or where the key is another one's.
  private static let plain = Array(
    "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./   ".utf8)
  private static let shifted = Array(
    "  !@#$%^&*()_+  QWERTYUIOP{}  ASDFGHJKL:\"~ |ZXCVBNM<>?   ".utf8)
  /// The European key beside the left Shift.
  private static let nonUSBackslash: UInt8 = 0x56

  private static func character(_ scanCode: UInt8, _ shifts: Shifts) -> KeyCode? {
    let index = scanCode == nonUSBackslash ? 0x2B : Int(scanCode)
    guard index < plain.count, plain[index] != 0x20 else { return nil }
    let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(plain[index])
    if shifts.contains(.alt) {
      // The digits' row has codes of its own.
      return 0x02...0x0D ~= scanCode ? KeyCode(scanCode + 0x76) : KeyCode(scanCode)
    }
    if shifts.contains(.control) { return control(scanCode, plain[index], isLetter) }
    var isShifted = !shifts.isDisjoint(with: .shift)
    if isLetter, shifts.contains(.capsLock) { isShifted.toggle() }
    return KeyCode(scanCode, isShifted ? shifted[index] : plain[index])
  }

  private static func control(
    _ scanCode: UInt8, _ character: UInt8, _ isLetter: Bool
  ) -> KeyCode? {
    switch character {
    case _ where isLetter, UInt8(ascii: "["), UInt8(ascii: "\\"), UInt8(ascii: "]"):
      KeyCode(scanCode, character & 0x1F)
    case UInt8(ascii: "2"): KeyCode(scanCode)
    case UInt8(ascii: "6"): KeyCode(scanCode, 0x1E)
    case UInt8(ascii: "-"): KeyCode(scanCode, 0x1F)
    default: nil
    }
  }

  // MARK: Other keys

  private static func special(_ scanCode: UInt8, _ shifts: Shifts) -> KeyCode? {
    let isShifted = !shifts.isDisjoint(with: .shift)
    let isControl = shifts.contains(.control)
    let isAlt = shifts.contains(.alt)
    switch scanCode {
    case 0x01: return KeyCode(scanCode, isAlt ? 0 : 0x1B)
    case 0x0E: return KeyCode(scanCode, isAlt ? 0 : isControl ? 0x7F : 0x08)
    case 0x0F:
      if isAlt { return KeyCode(0xA5) }
      if isControl { return KeyCode(0x94) }
      return KeyCode(scanCode, isShifted ? 0 : 0x09)
    case 0x1C: return KeyCode(scanCode, isAlt ? 0 : isControl ? 0x0A : 0x0D)
    case 0x39: return KeyCode(scanCode, 0x20)
    case 0x3B...0x44:
      let number = scanCode - 0x3B
      return KeyCode((isAlt ? 0x68 : isControl ? 0x5E : isShifted ? 0x54 : 0x3B) + number)
    case 0x57, 0x58:
      let number = scanCode - 0x57
      return KeyCode((isAlt ? 0x8B : isControl ? 0x89 : isShifted ? 0x87 : 0x85) + number)
    default: return nil
    }
  }

  /// What the keypad's keys from 47h on type with Num Lock.
  private static let digits = Array("789-456+1230.".utf8)
  /// Their codes with Control; 0 for none.
  private static let controlCodes: [UInt8] = [
    0x77, 0x8D, 0x84, 0x8E, 0x73, 0x8F, 0x74, 0x90, 0x75, 0x91, 0x76, 0x92, 0x93,
  ]

  private static func keypad(_ scanCode: UInt8, _ shifts: Shifts) -> KeyCode? {
    if scanCode == 0x37 {
      if shifts.contains(.alt) { return KeyCode(0x37) }
      return shifts.contains(.control) ? KeyCode(0x96) : KeyCode(0x37, UInt8(ascii: "*"))
    }
    guard 0x47...0x53 ~= scanCode else { return nil }
    let index = Int(scanCode - 0x47)
    let isSign = scanCode == 0x4A || scanCode == 0x4E
    if shifts.contains(.alt) { return isSign ? KeyCode(scanCode) : nil }
    if shifts.contains(.control) { return KeyCode(controlCodes[index]) }
    let isDigit = shifts.contains(.numLock) != !shifts.isDisjoint(with: .shift)
    return KeyCode(scanCode, isSign || isDigit ? digits[index] : 0)
  }

  /// The grey keys: their character is E0h, by which they differ from the keypad's.
  private static func extended(_ scanCode: UInt8, _ shifts: Shifts) -> KeyCode? {
    let isAlt = shifts.contains(.alt)
    let isControl = shifts.contains(.control)
    switch scanCode {
    case 0x1C: return isAlt ? KeyCode(0xA6) : KeyCode(0xE0, isControl ? 0x0A : 0x0D)
    case 0x35:
      return isAlt ? KeyCode(0xA4) : isControl ? KeyCode(0x95) : KeyCode(0xE0, UInt8(ascii: "/"))
    case 0x47...0x49, 0x4B, 0x4D, 0x4F...0x53:
      if isAlt { return KeyCode(scanCode + 0x50) }
      return KeyCode(isControl ? controlCodes[Int(scanCode - 0x47)] : scanCode, 0xE0)
    default: return nil
    }
  }
}
