/// INT 20h to 2Fh for a `.COM` program: its end, its screen and the clock; its keyboard is in a file of
/// its own. IBM DOS Technical Reference; there are no files.
extension BIOSServices {
  private static let invalidFunction: UInt16 = 1

  mutating func dos(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    switch call.vector {
    case 0x20: end(code: 0)
    case 0x21: return dosFunction(&call)
    // DOS is idle.
    case 0x28: break
    case 0x29: print(call.al)
    default: call.unsupported()
    }
    return .returns
  }

  private func end(code: UInt8) { hardware.stop(.exited(code: code)) }

  mutating func dosFunction(_ call: inout BIOSCall) -> BIOSCall.Outcome {
    switch call.ah {
    case 0x00: end(code: 0)
    case 0x4C: end(code: call.al)
    case 0x01, 0x07, 0x08:
      guard let character = readCharacter() else { return .waitsForInterrupt }
      if call.ah == 0x01 { print(character) }
      call.al = character
    case 0x02:
      print(call.dl)
      call.al = call.dl
    case 0x06: directConsole(&call)
    case 0x09: printString(&call)
    case 0x0A: return readLine(call)
    case 0x0B: call.al = pendingScanCode != nil || nextKey(isEnhanced: true) != nil ? 0xFF : 0
    case 0x0C: return flushAndRead(&call)
    // Drive C is the current one.
    case 0x19: call.al = 2
    case 0x25:
      memory.setVector(call.al, FarPointer(call.ds, call.dx))
    case 0x2A: date(&call)
    case 0x2C: timeOfDay(&call)
    // Version 5.0.
    case 0x30:
      call.ax = 0x0005
      call.bx = 0
      call.cx = 0
    case 0x35:
      let handler = memory.vector(call.al)
      call.bx = handler.offset
      call.es = handler.segment
    default:
      call.unsupported()
      call.ax = Self.invalidFunction
    }
    return .returns
  }

  // MARK: Screen

  /// AH=09h: what lies at DS:DX up to a `$`, at most a segment.
  private func printString(_ call: inout BIOSCall) {
    for offset in UInt16.min...UInt16.max {
      let character = memory.byte(call.ds(call.dx &+ offset))
      guard character != UInt8(ascii: "$") else { break }
      print(character)
    }
    call.al = UInt8(ascii: "$")
  }

  // MARK: Time

  /// AH=2Ah, by the real-time clock.
  private func date(_ call: inout BIOSCall) {
    let date = clockDate
    call.cx = UInt16(clamping: date.year)
    call.dh = UInt8(clamping: date.month)
    call.dl = UInt8(clamping: date.day)
    call.al = UInt8(clamping: date.weekday)
  }

  private func timeOfDay(_ call: inout BIOSCall) {
    // A tick is 65536 clocks of 1193182 Hz: so many hundredths of a second.
    let ticks = UInt64(memory.long(BIOSDataArea.ticks))
    let hundredths = ticks &* 6_553_600 / 1_193_182
    call.ch = UInt8(truncatingIfNeeded: hundredths / 360_000 % 24)
    call.cl = UInt8(truncatingIfNeeded: hundredths / 6000 % 60)
    call.dh = UInt8(truncatingIfNeeded: hundredths / 100 % 60)
    call.dl = UInt8(truncatingIfNeeded: hundredths % 100)
  }
}
