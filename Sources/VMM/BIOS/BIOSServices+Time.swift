import Devices

/// INT 1Ah: the tick counter and the real-time clock. IBM PC/AT Technical Reference.
extension BIOSServices {
  private static let clockIndex: UInt16 = 0x70
  private static let clockData: UInt16 = 0x71

  /// Registers of the MC146818 and of a PC's CMOS memory.
  private enum Clock {
    static let seconds: UInt8 = 0x00
    static let minutes: UInt8 = 0x02
    static let hours: UInt8 = 0x04
    static let weekday: UInt8 = 0x06
    static let day: UInt8 = 0x07
    static let month: UInt8 = 0x08
    static let year: UInt8 = 0x09
    static let control: UInt8 = 0x0B
    static let century: UInt8 = 0x32
    /// The bit of ``control`` that keeps the time from moving while it is set.
    static let set: UInt8 = 1 << 7
  }

  func time(_ call: inout BIOSCall) {
    switch call.ah {
    case 0x00:
      let ticks = memory.long(BIOSDataArea.ticks)
      call.cx = UInt16(truncatingIfNeeded: ticks >> 16)
      call.dx = UInt16(truncatingIfNeeded: ticks)
      call.al = memory.byte(BIOSDataArea.midnight)
      memory.store(UInt8(0), at: BIOSDataArea.midnight)
    case 0x01:
      memory.store(UInt32(call.cx) << 16 | UInt32(call.dx), at: BIOSDataArea.ticks)
      memory.store(UInt8(0), at: BIOSDataArea.midnight)
    case 0x02:
      call.ch = clock(Clock.hours)
      call.cl = clock(Clock.minutes)
      call.dh = clock(Clock.seconds)
      call.dl = 0
      call.carry = false
    case 0x03:
      setClock([(Clock.hours, call.ch), (Clock.minutes, call.cl), (Clock.seconds, call.dh)])
      call.carry = false
    case 0x04:
      call.ch = clock(Clock.century)
      call.cl = clock(Clock.year)
      call.dh = clock(Clock.month)
      call.dl = clock(Clock.day)
      call.carry = false
    case 0x05:
      setClock([
        (Clock.century, call.ch), (Clock.year, call.cl), (Clock.month, call.dh),
        (Clock.day, call.dl),
      ])
      call.carry = false
    default: call.unsupported()
    }
  }

  /// The date of the real-time clock; its weekday counts from Sunday, which is 0.
  var clockDate: (year: Int, month: Int, day: Int, weekday: Int) {
    func number(_ index: UInt8) -> Int {
      let digits = Int(clock(index))
      return 10 * (digits >> 4) + digits & 0xF
    }
    let year = 100 * number(Clock.century) + number(Clock.year)
    return (year, number(Clock.month), number(Clock.day), max(0, number(Clock.weekday) - 1))
  }

  private func clock(_ index: UInt8) -> UInt8 {
    ports.write(Self.clockIndex, index)
    return ports.read(Self.clockData)
  }

  private func setClock(_ values: [(index: UInt8, value: UInt8)]) {
    let control = clock(Clock.control)
    setClock(Clock.control, control | Clock.set)
    for (index, value) in values { setClock(index, value) }
    setClock(Clock.control, control & ~Clock.set)
  }

  private func setClock(_ index: UInt8, _ value: UInt8) {
    ports.write(Self.clockIndex, index)
    ports.write(Self.clockData, value)
  }
}
