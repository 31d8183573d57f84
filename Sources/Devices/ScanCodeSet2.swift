/// Scan code set 2, the one that a PC's keyboard sends on the wire.
///
/// IBM PS/2 Hardware Interface Technical Reference, "Keyboards", scan code set 2; Microsoft's "USB
/// HID to PS/2 Scan Code Translation Table" has the same by usage.
extension Key {
  /// The make code in the low byte, and in the high byte its prefix: 0xE0, or 0 for none.
  ///
  /// For ``pause`` and ``printScreen`` it is what they send together with Control and Shift;
  /// alone they send longer sequences.
  var scanCodeSet2: UInt16 {
    switch self {
    case .a: 0x1C
    case .b: 0x32
    case .c: 0x21
    case .d: 0x23
    case .e: 0x24
    case .f: 0x2B
    case .g: 0x34
    case .h: 0x33
    case .i: 0x43
    case .j: 0x3B
    case .k: 0x42
    case .l: 0x4B
    case .m: 0x3A
    case .n: 0x31
    case .o: 0x44
    case .p: 0x4D
    case .q: 0x15
    case .r: 0x2D
    case .s: 0x1B
    case .t: 0x2C
    case .u: 0x3C
    case .v: 0x2A
    case .w: 0x1D
    case .x: 0x22
    case .y: 0x35
    case .z: 0x1A
    case .digit1: 0x16
    case .digit2: 0x1E
    case .digit3: 0x26
    case .digit4: 0x25
    case .digit5: 0x2E
    case .digit6: 0x36
    case .digit7: 0x3D
    case .digit8: 0x3E
    case .digit9: 0x46
    case .digit0: 0x45
    case .returnEnter: 0x5A
    case .escape: 0x76
    case .deleteBackspace: 0x66
    case .tab: 0x0D
    case .spacebar: 0x29
    case .minus: 0x4E
    case .equal: 0x55
    case .leftBracket: 0x54
    case .rightBracket: 0x5B
    case .backslash: 0x5D
    case .semicolon: 0x4C
    case .quote: 0x52
    case .graveAccent: 0x0E
    case .comma: 0x41
    case .period: 0x49
    case .slash: 0x4A
    case .capsLock: 0x58
    case .f1: 0x05
    case .f2: 0x06
    case .f3: 0x04
    case .f4: 0x0C
    case .f5: 0x03
    case .f6: 0x0B
    case .f7: 0x83
    case .f8: 0x0A
    case .f9: 0x01
    case .f10: 0x09
    case .f11: 0x78
    case .f12: 0x07
    case .printScreen: 0xE07C
    case .scrollLock: 0x7E
    case .pause: 0xE07E
    case .insert: 0xE070
    case .home: 0xE06C
    case .pageUp: 0xE07D
    case .deleteForward: 0xE071
    case .end: 0xE069
    case .pageDown: 0xE07A
    case .rightArrow: 0xE074
    case .leftArrow: 0xE06B
    case .downArrow: 0xE072
    case .upArrow: 0xE075
    case .keypadNumLock: 0x77
    case .keypadSlash: 0xE04A
    case .keypadAsterisk: 0x7C
    case .keypadMinus: 0x7B
    case .keypadPlus: 0x79
    case .keypadEnter: 0xE05A
    case .keypad1: 0x69
    case .keypad2: 0x72
    case .keypad3: 0x7A
    case .keypad4: 0x6B
    case .keypad5: 0x73
    case .keypad6: 0x74
    case .keypad7: 0x6C
    case .keypad8: 0x75
    case .keypad9: 0x7D
    case .keypad0: 0x70
    case .keypadPeriod: 0x71
    case .nonUSBackslash: 0x61
    case .application: 0xE02F
    case .leftControl: 0x14
    case .leftShift: 0x12
    case .leftAlt: 0x11
    case .leftGUI: 0xE01F
    case .rightControl: 0xE014
    case .rightShift: 0x59
    case .rightAlt: 0xE011
    case .rightGUI: 0xE027
    }
  }
}
