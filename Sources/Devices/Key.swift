/// A key of a 105-key keyboard: the 104 of the US layout, and the one beside the left Shift of the
/// European layouts.
///
/// Names and raw values are the usages of the USB "HID Usage Tables", Keyboard/Keypad Page (0x07).
/// A usage names a place on the keyboard, not what is printed there: ``q`` is the key right of Tab.
public enum Key: UInt8, CaseIterable, Sendable {
  case a = 0x04
  case b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z
  case digit1 = 0x1E
  case digit2, digit3, digit4, digit5, digit6, digit7, digit8, digit9, digit0
  case returnEnter = 0x28
  case escape, deleteBackspace, tab, spacebar
  case minus, equal, leftBracket, rightBracket
  /// The key above Enter; on European keyboards the one left of a tall Enter ("Non-US # and ~"),
  /// which sends the same scan code.
  case backslash
  case semicolon = 0x33
  case quote, graveAccent, comma, period, slash
  case capsLock
  case f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12
  case printScreen, scrollLock, pause
  case insert, home, pageUp, deleteForward, end, pageDown
  case rightArrow, leftArrow, downArrow, upArrow
  case keypadNumLock = 0x53
  case keypadSlash, keypadAsterisk, keypadMinus, keypadPlus, keypadEnter
  case keypad1, keypad2, keypad3, keypad4, keypad5, keypad6, keypad7, keypad8, keypad9, keypad0
  case keypadPeriod
  /// The key between the left Shift and Z of European keyboards ("Non-US \ and |").
  case nonUSBackslash
  /// The menu key.
  case application
  case leftControl = 0xE0
  case leftShift, leftAlt, leftGUI, rightControl, rightShift, rightAlt, rightGUI
}
