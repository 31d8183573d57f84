extension MC146818 {
  /// The clock's registers, by the names of the datasheet.
  public enum Register {
    public static let seconds: UInt8 = 0x00
    public static let secondsAlarm: UInt8 = 0x01
    public static let minutes: UInt8 = 0x02
    public static let minutesAlarm: UInt8 = 0x03
    public static let hours: UInt8 = 0x04
    public static let hoursAlarm: UInt8 = 0x05
    public static let dayOfWeek: UInt8 = 0x06
    public static let dateOfMonth: UInt8 = 0x07
    public static let month: UInt8 = 0x08
    public static let year: UInt8 = 0x09
    /// Update in progress, divider, rate.
    public static let a: UInt8 = 0x0A
    /// Formats and interrupt enables.
    public static let b: UInt8 = 0x0B
    /// Interrupt flags; reading clears them.
    public static let c: UInt8 = 0x0C
    /// Whether memory and time are valid.
    public static let d: UInt8 = 0x0D

    /// Those that make up the date and time.
    static let time = [
      seconds, minutes, hours, dayOfWeek, dateOfMonth, month, year, CMOSMemory.Index.century,
    ]
  }

  /// Register A.
  enum ControlA {
    /// UIP: the time is about to change, or changing.
    static let updateInProgress: UInt8 = 1 << 7
    /// DV: the divider.
    static let divider: UInt8 = 0b111 << 4
    /// The largest DV with which the divider counts; those above hold it in reset or test it.
    static let lastCounting: UInt8 = 0b010 << 4
    /// RS: the rate of the periodic interrupt.
    static let rate: UInt8 = 0b1111
    /// A crystal of 32,768 Hz, 1,024 interrupts a second: what a PC's firmware sets.
    static let initial: UInt8 = lastCounting | 0b0110
  }

  /// Register B.
  struct ControlB: OptionSet {
    let rawValue: UInt8

    /// SET: the time stands still while the program writes it.
    static let set = ControlB(rawValue: 1 << 7)
    static let periodicInterruptEnable = ControlB(rawValue: 1 << 6)
    static let alarmInterruptEnable = ControlB(rawValue: 1 << 5)
    static let updateEndedInterruptEnable = ControlB(rawValue: 1 << 4)
    static let squareWaveEnable = ControlB(rawValue: 1 << 3)
    /// DM: numbers are binary, else BCD.
    static let binary = ControlB(rawValue: 1 << 2)
    /// Hours are 0 to 23, else 1 to 12 with bit 7 for the afternoon.
    static let twentyFourHours = ControlB(rawValue: 1 << 1)

    static let interruptEnables: ControlB = [
      .periodicInterruptEnable, .alarmInterruptEnable, .updateEndedInterruptEnable,
    ]
  }

  /// Register C. The flags have the places of their enables in register B.
  struct Flags: OptionSet {
    let rawValue: UInt8

    /// IRQF: a flag and its enable are set.
    static let interruptRequest = Flags(rawValue: 1 << 7)
    static let periodic = Flags(rawValue: 1 << 6)
    static let alarm = Flags(rawValue: 1 << 5)
    static let updateEnded = Flags(rawValue: 1 << 4)
  }

  /// VRT, all that register D has: the battery has never failed.
  static let validMemoryAndTime: UInt8 = 1 << 7
  /// An alarm register with both of these bits matches every time.
  static let dontCare: UInt8 = 0b1100_0000
}
