/// The real-time clock's registers, behind an index port and a data port.
enum RTC {
  enum Register: UInt8 {
    case second, secondAlarm, minute, minuteAlarm, hour, hourAlarm, weekday, day, month, year
    case a, b, c, d
    /// Where a PC keeps it.
    case century = 0x32
  }

  /// Register A: an update is near, and the time must not be read.
  static let updateInProgress: UInt8 = 0x80
  /// Register B, where they enable an interrupt, and register C, where they are its reason.
  static let periodic: UInt8 = 0x40
  static let alarm: UInt8 = 0x20
  static let updateEnded: UInt8 = 0x10
  /// Register C: there is a reason that is enabled.
  static let requested: UInt8 = 0x80
  /// Register B: the format of the time.
  static let isBinary: UInt8 = 0x04
  static let is24Hours: UInt8 = 0x02

  static let vector = PIC.vector(8)
  private static let index: UInt16 = 0x70
  private static let data: UInt16 = 0x71

  static subscript(register: Register) -> UInt8 {
    get { self[memory: register.rawValue] }
    set { self[memory: register.rawValue] = newValue }
  }

  static subscript(memory address: UInt8) -> UInt8 {
    get {
      portWrite8(index, address)
      return portRead8(data)
    }
    set {
      portWrite8(index, address)
      portWrite8(data, newValue)
    }
  }

  /// Halts until an interrupt for one of `reasons` and returns register C, whose reading ends it.
  /// Interrupts must be off.
  static func takeInterrupt(enabledBy reasons: UInt8) -> UInt8 {
    _ = self[.c]
    self[.b] |= reasons
    var reason: UInt8
    repeat {
      // The PIC may still hold one whose reason has been read since.
      Interrupts.wait(for: vector, count: Interrupts.count(vector) + 1)
      reason = self[.c]
    } while reason & requested == 0
    self[.b] &= ~reasons
    return reason
  }

  /// The time, read between two updates.
  static var time: Time {
    while true {
      let first = readTime()
      guard let first, let second = readTime() else { continue }
      if first == second { return first }
    }
  }

  /// nil during an update.
  private static func readTime() -> Time? {
    guard self[.a] & updateInProgress == 0 else { return nil }
    let format = self[.b]
    let hour = self[.hour]
    return Time(
      year: number(.century, format) * 100 + number(.year, format), month: number(.month, format),
      day: number(.day, format),
      hour: format & is24Hours != 0
        ? number(hour, format)
        : number(hour & 0x7F, format) % 12 + (hour & 0x80 != 0 ? 12 : 0),
      minute: number(.minute, format), second: number(.second, format))
  }

  private static func number(_ register: Register, _ format: UInt8) -> UInt32 {
    // The century is in BCD whatever the rest is in.
    number(self[register], register == .century ? 0 : format)
  }

  private static func number(_ value: UInt8, _ format: UInt8) -> UInt32 {
    format & isBinary != 0 ? UInt32(value) : UInt32(value >> 4) * 10 + UInt32(value & 0xF)
  }
}

/// A date and a time of day.
struct Time: Equatable {
  let year, month, day, hour, minute, second: UInt32

  var isPlausible: Bool {
    2000...2199 ~= year && 1...12 ~= month && 1...31 ~= day && hour < 24 && minute < 60
      && second < 60
  }

  /// `time 2024-02-29 23:59:58`
  func print() {
    Serial.print("time ")
    Serial.print(year)
    Self.print("-", month)
    Self.print("-", day)
    Self.print(" ", hour)
    Self.print(":", minute)
    Self.print(":", second)
    Serial.print("\n")
  }

  private static func print(_ mark: StaticString, _ value: UInt32) {
    Serial.print(mark)
    if value < 10 { Serial.print("0") }
    Serial.print(value)
  }
}
