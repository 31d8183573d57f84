/// The bytes that a keyboard sends for a key, in set 2.
///
/// All keys but two send a code, and 0xF0 before it on release. The two are those whose codes had
/// other meanings on the PC/XT, so that they pretend to be combinations of its keys:
/// - Print Screen is Shift and the keypad's asterisk, unless Shift or Control is held anyway; with
///   Alt it is System Request, a key with a code of its own.
/// - Pause is Control and Num Lock, and has no release; with Control it is Break, which is Control
///   and Scroll Lock.
struct PS2KeySequence: Equatable, Sendable {
  /// Which keys that change others are held.
  private struct Modifiers: OptionSet, Equatable, Sendable {
    let rawValue: UInt8
    static let control = Self(rawValue: 0x11)
    static let shift = Self(rawValue: 0x22)
    static let alt = Self(rawValue: 0x44)

    /// The modifier's bit in the order of the usages, or none for any other key.
    init(_ key: Key) {
      let first = Key.leftControl.rawValue
      self.init(rawValue: key.rawValue >= first ? 1 << (key.rawValue - first) : 0)
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }
  }

  private enum PrintScreen { case alone, withShift, systemRequest }

  private var held: Modifiers = []
  /// What Print Screen was when it was pressed, for its release, whatever is held by then.
  private var printScreen = PrintScreen.alone

  /// What pressing a key sends; pressing a held key again repeats it.
  mutating func press(_ key: Key) -> ByteQueue {
    held.formUnion(Modifiers(key))
    switch key {
    case .printScreen:
      if !held.isDisjoint(with: .alt) {
        printScreen = .systemRequest
        return ByteQueue(0x84)
      }
      if held.isDisjoint(with: [.shift, .control]) {
        printScreen = .alone
        return ByteQueue(0xE0, 0x12, 0xE0, 0x7C)
      }
      printScreen = .withShift
    case .pause where held.isDisjoint(with: .control):
      return ByteQueue(0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77)
    case .pause:
      return ByteQueue(0xE0, 0x7E, 0xE0, 0xF0, 0x7E)
    default: break
    }
    return code(of: key, isBreak: false)
  }

  /// What releasing a key sends.
  mutating func release(_ key: Key) -> ByteQueue {
    held.subtract(Modifiers(key))
    switch (key, printScreen) {
    case (.pause, _): return ByteQueue()
    case (.printScreen, .systemRequest): return ByteQueue(0xF0, 0x84)
    case (.printScreen, .alone): return ByteQueue(0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12)
    default: return code(of: key, isBreak: true)
    }
  }

  private func code(of key: Key, isBreak: Bool) -> ByteQueue {
    let code = key.scanCodeSet2
    var bytes = ByteQueue()
    if code > 0xFF { bytes.append(UInt8(truncatingIfNeeded: code >> 8)) }
    if isBreak { bytes.append(0xF0) }
    bytes.append(UInt8(truncatingIfNeeded: code))
    return bytes
  }
}
