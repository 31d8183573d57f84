/// Where ASCII's characters are on a US keyboard.
package enum USKeyboardLayout {
  /// The key that types a character, and whether with Shift; nothing for what cannot be typed.
  ///
  /// Both ends of line are Enter. Backspace, Tab, Escape and Delete (0x7F, which is a terminal's
  /// Backspace) are the keys of that name.
  package static func keystroke(for character: UInt8) -> (key: Key, isShifted: Bool)? {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"):
      return Key(rawValue: Key.a.rawValue + (character - UInt8(ascii: "a"))).map { ($0, false) }
    case UInt8(ascii: "A")...UInt8(ascii: "Z"):
      return Key(rawValue: Key.a.rawValue + (character - UInt8(ascii: "A"))).map { ($0, true) }
    case UInt8(ascii: "1")...UInt8(ascii: "9"):
      return Key(rawValue: Key.digit1.rawValue + (character - UInt8(ascii: "1")))
        .map { ($0, false) }
    default:
      return plain(character).map { ($0, false) } ?? shifted(character).map { ($0, true) }
    }
  }

  private static func plain(_ character: UInt8) -> Key? {
    switch character {
    case 0x08, 0x7F: .deleteBackspace
    case 0x09: .tab
    case 0x0A, 0x0D: .returnEnter
    case 0x1B: .escape
    case UInt8(ascii: " "): .spacebar
    case UInt8(ascii: "0"): .digit0
    case UInt8(ascii: "-"): .minus
    case UInt8(ascii: "="): .equal
    case UInt8(ascii: "["): .leftBracket
    case UInt8(ascii: "]"): .rightBracket
    case UInt8(ascii: "\\"): .backslash
    case UInt8(ascii: ";"): .semicolon
    case UInt8(ascii: "'"): .quote
    case UInt8(ascii: "`"): .graveAccent
    case UInt8(ascii: ","): .comma
    case UInt8(ascii: "."): .period
    case UInt8(ascii: "/"): .slash
    default: nil
    }
  }

  private static func shifted(_ character: UInt8) -> Key? {
    switch character {
    case UInt8(ascii: "!"): .digit1
    case UInt8(ascii: "@"): .digit2
    case UInt8(ascii: "#"): .digit3
    case UInt8(ascii: "$"): .digit4
    case UInt8(ascii: "%"): .digit5
    case UInt8(ascii: "^"): .digit6
    case UInt8(ascii: "&"): .digit7
    case UInt8(ascii: "*"): .digit8
    case UInt8(ascii: "("): .digit9
    case UInt8(ascii: ")"): .digit0
    case UInt8(ascii: "_"): .minus
    case UInt8(ascii: "+"): .equal
    case UInt8(ascii: "{"): .leftBracket
    case UInt8(ascii: "}"): .rightBracket
    case UInt8(ascii: "|"): .backslash
    case UInt8(ascii: ":"): .semicolon
    case UInt8(ascii: "\""): .quote
    case UInt8(ascii: "~"): .graveAccent
    case UInt8(ascii: "<"): .comma
    case UInt8(ascii: ">"): .period
    case UInt8(ascii: "?"): .slash
    default: nil
    }
  }
}
