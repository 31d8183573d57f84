/// INT 09h, the keyboard's interrupt, and INT 16h, who asks for its keys. IBM PC/AT Technical
/// Reference, "Keyboard".
extension BIOSServices {
  typealias Shifts = KeyCode.Shifts

  // MARK: INT 09h

  private static let extendedPrefix: UInt8 = 0xE0
  private static let pausePrefix: UInt8 = 0xE1
  /// Bits of 0040:0096: which prefix came last, and the right one of two keys is held.
  private static let lastWasPause: UInt8 = 0x01
  private static let lastWasExtended: UInt8 = 0x02
  private static let rightControl: UInt8 = 0x04
  private static let rightAlt: UInt8 = 0x08
  /// Bits of 0040:0018: the left one is held.
  private static let leftControl: UInt8 = 0x01
  private static let leftAlt: UInt8 = 0x02

  /// A byte in AL has come from the keyboard, in scan code set 1.
  func scanCode(_ call: inout BIOSCall) {
    let byte = call.al
    var flags3 = memory.byte(BIOSDataArea.keyboardFlags3)
    let isExtended = flags3 & Self.lastWasExtended != 0
    let isPause = flags3 & Self.lastWasPause != 0
    flags3 &= ~(Self.lastWasExtended | Self.lastWasPause)
    switch byte {
    case Self.extendedPrefix: flags3 |= Self.lastWasExtended
    case Self.pausePrefix: flags3 |= Self.lastWasPause
    // Pause is E1 1D 45 E1 9D C5, and stops nothing here.
    case _ where isPause: flags3 |= byte & 0x7F == 0x1D ? Self.lastWasPause : 0
    default:
      memory.store(flags3, at: BIOSDataArea.keyboardFlags3)
      key(byte & 0x7F, isPress: byte & 0x80 == 0, isExtended: isExtended)
      return
    }
    memory.store(flags3, at: BIOSDataArea.keyboardFlags3)
  }

  private func key(_ code: UInt8, isPress: Bool, isExtended: Bool) {
    if changeShifts(code, isPress: isPress, isExtended: isExtended) { return }
    guard isPress else { return }
    let shifts = shifts
    if code == 0x53, shifts.isSuperset(of: [.control, .alt]) { return hardware.reset() }
    if code == 0x52, !shifts.contains(.alt) { toggle(.insert) }
    if shifts.contains(.alt), !isExtended, let digit = Self.keypadDigit(code) {
      let number = memory.byte(BIOSDataArea.altNumber) &* 10 &+ digit
      return memory.store(number, at: BIOSDataArea.altNumber)
    }
    guard let key = KeyCode(scanCode: code, isExtended: isExtended, shifts) else { return }
    _ = storeKey(key.word)
  }

  private var shifts: Shifts { Shifts(rawValue: memory.byte(BIOSDataArea.keyboardFlags)) }

  /// The digit that Alt and a key of the keypad enter.
  private static func keypadDigit(_ code: UInt8) -> UInt8? {
    switch code {
    case 0x47...0x49: code - 0x47 + 7
    case 0x4B...0x4D: code - 0x4B + 4
    case 0x4F...0x51: code - 0x4F + 1
    case 0x52: 0
    default: nil
    }
  }

  /// Follows the keys that change others. False if `code` is none.
  private func changeShifts(_ code: UInt8, isPress: Bool, isExtended: Bool) -> Bool {
    switch code {
    // With E0 they are the shifts that the grey keys pretend.
    case 0x2A: if !isExtended { hold(.leftShift, isPress) }
    case 0x36: if !isExtended { hold(.rightShift, isPress) }
    case 0x1D: holdEither(.control, isPress, isExtended, Self.leftControl, Self.rightControl)
    case 0x38:
      holdEither(.alt, isPress, isExtended, Self.leftAlt, Self.rightAlt)
      if !isPress { enterAltNumber() }
    case 0x3A: if isPress { toggle(.capsLock) }
    case 0x45: if isPress { toggle(.numLock) }
    case 0x46: if isPress { toggle(.scrollLock) }
    default: return false
    }
    return true
  }

  private func hold(_ shift: Shifts, _ isHeld: Bool) {
    let others = shifts.subtracting(shift)
    memory.store((isHeld ? others.union(shift) : others).rawValue, at: BIOSDataArea.keyboardFlags)
  }

  private func toggle(_ shift: Shifts) {
    memory.store(shifts.symmetricDifference(shift).rawValue, at: BIOSDataArea.keyboardFlags)
  }

  /// Of two keys that mean the same, either one is enough.
  private func holdEither(
    _ shift: Shifts, _ isHeld: Bool, _ isRight: Bool, _ left: UInt8, _ right: UInt8
  ) {
    let address = isRight ? BIOSDataArea.keyboardFlags3 : BIOSDataArea.keyboardFlags2
    let bit = isRight ? right : left
    let bits = memory.byte(address)
    memory.store(isHeld ? bits | bit : bits & ~bit, at: address)
    let isAnyHeld =
      memory.byte(BIOSDataArea.keyboardFlags2) & left != 0
      || memory.byte(BIOSDataArea.keyboardFlags3) & right != 0
    hold(shift, isAnyHeld)
  }

  private func enterAltNumber() {
    let number = memory.byte(BIOSDataArea.altNumber)
    guard number != 0 else { return }
    memory.store(UInt8(0), at: BIOSDataArea.altNumber)
    _ = storeKey(UInt16(number))
  }

  // MARK: The buffer

  /// False if the buffer is full; a real one beeps.
  private func storeKey(_ key: UInt16) -> Bool {
    let tail = memory.word(BIOSDataArea.keyboardTail)
    let next = behind(tail)
    guard next != memory.word(BIOSDataArea.keyboardHead) else { return false }
    memory.store(key, at: 0x400 + UInt32(tail))
    memory.store(next, at: BIOSDataArea.keyboardTail)
    return true
  }

  private func behind(_ pointer: UInt16) -> UInt16 {
    let next = pointer &+ 2
    return next == memory.word(BIOSDataArea.keyboardBufferEnd)
      ? memory.word(BIOSDataArea.keyboardBufferStart) : next
  }

  /// The next key; nil if there is none. A guest may have made the pointers anything: whatever they
  /// are, this reads a word and ends.
  func peekKey() -> UInt16? {
    let head = memory.word(BIOSDataArea.keyboardHead)
    guard head != memory.word(BIOSDataArea.keyboardTail) else { return nil }
    return memory.word(0x400 + UInt32(head))
  }

  func dropKey() {
    memory.store(
      behind(memory.word(BIOSDataArea.keyboardHead)), at: BIOSDataArea.keyboardHead)
  }

  // MARK: INT 16h

  /// Keys that the calls for a keyboard of 83 keys do not know are skipped by these.
  private static let last83KeyCode: UInt16 = 0x84

  func keyboard(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    switch call.ah {
    case 0x00, 0x10:
      guard let key = nextKey(isEnhanced: call.ah == 0x10) else { return .waitsForInterrupt }
      dropKey()
      call.ax = key
    case 0x01, 0x11:
      let key = nextKey(isEnhanced: call.ah == 0x11)
      call.zero = key == nil
      if let key { call.ax = key }
    case 0x02: call.al = memory.byte(BIOSDataArea.keyboardFlags)
    // The repeat rate is the host's.
    case 0x03: break
    case 0x05: call.al = storeKey(call.cx) ? 0 : 1
    // Enhanced reads and shift states, and the rate as it is, can be had.
    case 0x09: call.al = 0x30
    case 0x12:
      call.al = memory.byte(BIOSDataArea.keyboardFlags)
      let right = memory.byte(BIOSDataArea.keyboardFlags3) & 0x0C
      call.ah = memory.byte(BIOSDataArea.keyboardFlags2) & 0x73 | right
    default: call.unsupported()
    }
    return .returns
  }

  /// The first key in the buffer that the calls for one or the other keyboard return.
  func nextKey(isEnhanced: Bool) -> UInt16? {
    // More than the data area has room for: a guest may have made the buffer endless.
    for _ in 0..<128 {
      guard let key = peekKey() else { return nil }
      if isEnhanced { return key & 0xFF == 0xF0 && key >> 8 != 0 ? key & 0xFF00 : key }
      switch key {
      case 0xE000...0xE0FF:
        // The keypad's Enter and slash are like the others.
        return key & 0xFF | (key & 0xFF == 0x2F ? 0x3500 : 0x1C00)
      case _ where key >> 8 > Self.last83KeyCode: dropKey()
      case _ where key & 0xFF == 0xE0 && key >> 8 != 0: return key & 0xFF00
      default: return key
      }
    }
    return nil
  }
}
