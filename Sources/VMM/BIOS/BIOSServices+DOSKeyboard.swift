/// INT 21h: the keyboard.
extension BIOSServices {
  /// nil if there is none. A key without a character is a 0, and its scan code comes next.
  mutating func readCharacter() -> UInt8? {
    if let code = pendingScanCode {
      pendingScanCode = nil
      return code
    }
    guard let key = nextKey(isEnhanced: true) else { return nil }
    dropKey()
    let character = UInt8(truncatingIfNeeded: key)
    guard character == 0 || character == 0xE0, key >> 8 != 0 else { return character }
    pendingScanCode = UInt8(truncatingIfNeeded: key >> 8)
    return 0
  }

  mutating func directConsole(_ call: inout BIOSCall) {
    guard call.dl == 0xFF else {
      print(call.dl)
      call.al = call.dl
      return
    }
    let character = readCharacter()
    call.zero = character == nil
    call.al = character ?? 0
  }

  /// AH=0Ch: forgets the keys that wait, then does what AL says.
  mutating func flushAndRead(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    pendingScanCode = nil
    pendingLine = nil
    memory.store(
      memory.word(BIOSDataArea.keyboardTail), at: BIOSDataArea.keyboardHead)
    guard [0x01, 0x06, 0x07, 0x08, 0x0A].contains(call.al) else { return .returns }
    // Should it have to wait, the call that is made again flushes no more.
    call.ah = call.al
    return dosFunction(&call)
  }

  // MARK: Lines

  private static let bell: UInt8 = 0x07
  private static let backspace: UInt8 = 0x08
  private static let carriageReturn: UInt8 = 0x0D

  /// A line that is being typed: the call is made again for each of its keys.
  struct PendingLine: Equatable {
    /// Which call it is: the linear address of its buffer.
    let buffer: UInt32
    /// Characters so far.
    var count: UInt8 = 0
  }

  /// AH=0Ah: a line into DS:DX, whose first byte says how many fit, the final return included. The
  /// second one becomes how many they are without it.
  mutating func readLine(_ call: BIOSCall) -> BIOSCall.Outcome {
    let buffer = call.ds(call.dx)
    let size = memory.byte(buffer)
    guard size > 0 else { return .returns }
    var line =
      if let pendingLine, pendingLine.buffer == buffer { pendingLine } else {
        PendingLine(buffer: buffer)
      }
    // The guest may have changed the size meanwhile.
    line.count = min(line.count, size - 1)
    while let character = readCharacter() {
      switch character {
      case Self.carriageReturn:
        memory.store(line.count, at: buffer &+ 1)
        memory.store(character, at: buffer &+ 2 &+ UInt32(line.count))
        print(character)
        pendingLine = nil
        return .returns
      case Self.backspace:
        guard line.count > 0 else { continue }
        line.count -= 1
        for byte in [Self.backspace, UInt8(ascii: " "), Self.backspace] { print(byte) }
      // A key without a character is no part of a line.
      case 0: pendingScanCode = nil
      case _ where line.count == size - 1: print(Self.bell)
      default:
        memory.store(character, at: buffer &+ 2 &+ UInt32(line.count))
        line.count += 1
        print(character)
      }
    }
    pendingLine = line
    return .waitsForInterrupt
  }
}
