import Devices

/// Turns what a terminal sends into keys to press: characters, control characters, and the escape
/// sequences of xterm and the VT220 for arrows and function keys.
///
/// A sequence has to arrive in one piece, as terminals send it: an Escape at the end of one is the
/// key.
struct TerminalKeys {
  private enum State {
    case ground
    case escape
    /// Behind `ESC O`.
    case singleShift
    /// Behind `ESC [`, with the numbers so far.
    case sequence([Int])
  }

  private static let escape: UInt8 = 0x1B
  /// More numbers, and larger ones, than any key has.
  private static let maximumNumbers = 4
  private static let maximumNumber = 999
  private var state = State.ground

  /// Calls `type` with each key, those that are held meanwhile before it.
  mutating func translate(_ bytes: ArraySlice<UInt8>, type: ([Key]) -> Void) {
    for byte in bytes {
      if let keys = next(byte) { type(keys) }
    }
    if case .escape = state { type([.escape]) }
    state = .ground
  }

  private mutating func next(_ byte: UInt8) -> [Key]? {
    switch state {
    case .ground:
      guard byte == Self.escape else { return Self.character(byte) }
      state = .escape
      return nil
    case .escape:
      switch byte {
      case UInt8(ascii: "["): state = .sequence([0])
      case UInt8(ascii: "O"): state = .singleShift
      // Two of them in a row are two keys.
      case Self.escape: return [.escape]
      default:
        state = .ground
        return Self.character(byte).map { [.leftAlt] + $0 }
      }
      return nil
    case .singleShift:
      state = .ground
      return Self.final(byte).map { [$0] }
    case .sequence(var numbers):
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        let number = 10 * numbers[numbers.count - 1] + Int(byte - UInt8(ascii: "0"))
        numbers[numbers.count - 1] = min(number, Self.maximumNumber)
        state = .sequence(numbers)
      case UInt8(ascii: ";"):
        if numbers.count < Self.maximumNumbers { numbers.append(0) }
        state = .sequence(numbers)
      case 0x40...0x7E:
        state = .ground
        return Self.key(endingIn: byte, numbers)
      // What is no part of a sequence ends it.
      default: state = .ground
      }
      return nil
    }
  }

  // MARK: Characters

  private static func character(_ byte: UInt8) -> [Key]? {
    switch byte {
    case 0x00: return [.leftControl, .digit2]
    case 0x08, 0x09, 0x0A, 0x0D, 0x1B: break
    case 0x01...0x1A:
      return Key(rawValue: Key.a.rawValue + byte - 1).map { [.leftControl, $0] }
    case 0x1C: return [.leftControl, .backslash]
    case 0x1D: return [.leftControl, .rightBracket]
    case 0x1E: return [.leftControl, .digit6]
    case 0x1F: return [.leftControl, .minus]
    default: break
    }
    return USKeyboardLayout.keystroke(for: byte).map {
      $0.isShifted ? [.leftShift, $0.key] : [$0.key]
    }
  }

  // MARK: Sequences

  /// `ESC [ number ; modifiers final`, where modifiers is 1 and the sum of 1 for Shift, 2 for Alt and 4
  /// for Control.
  private static func key(endingIn byte: UInt8, _ numbers: [Int]) -> [Key]? {
    if byte == UInt8(ascii: "Z") { return [.leftShift, .tab] }
    let key = byte == UInt8(ascii: "~") ? numbered(numbers[0]) : final(byte)
    guard let key else { return nil }
    let modifiers = numbers.count > 1 ? numbers[1] - 1 : 0
    var keys: [Key] = []
    if modifiers > 0 {
      if modifiers & 1 != 0 { keys.append(.leftShift) }
      if modifiers & 2 != 0 { keys.append(.leftAlt) }
      if modifiers & 4 != 0 { keys.append(.leftControl) }
    }
    return keys + [key]
  }

  private static func final(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "A"): .upArrow
    case UInt8(ascii: "B"): .downArrow
    case UInt8(ascii: "C"): .rightArrow
    case UInt8(ascii: "D"): .leftArrow
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "P"): .f1
    case UInt8(ascii: "Q"): .f2
    case UInt8(ascii: "R"): .f3
    case UInt8(ascii: "S"): .f4
    default: nil
    }
  }

  private static func numbered(_ number: Int) -> Key? {
    switch number {
    case 1, 7: .home
    case 2: .insert
    case 3: .deleteForward
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case 11: .f1
    case 12: .f2
    case 13: .f3
    case 14: .f4
    case 15: .f5
    case 17: .f6
    case 18: .f7
    case 19: .f8
    case 20: .f9
    case 21: .f10
    case 23: .f11
    case 24: .f12
    default: nil
    }
  }
}
