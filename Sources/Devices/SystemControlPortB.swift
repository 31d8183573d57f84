/// Port 0x61 of a PC/AT: the gate of the timer's counter 2, the speaker, and some status.
///
/// IBM PC/AT Technical Reference, "System board I/O"; Intel 82371, "NMISC".
struct SystemControlPortB: OptionSet, Sendable {
  let rawValue: UInt8
  /// GATE of counter 2.
  static let timer2Gate = Self(rawValue: 0x01)
  /// Connects OUT of counter 2 to the speaker.
  static let speakerData = Self(rawValue: 0x02)
  /// Bits 2 and 3 disable the NMI of the memory parity and I/O channel checks, neither of which
  /// this machine has: only stored. Bits 6 and 7, those checks' status, read as 0.
  static let writable = Self(rawValue: 0x0F)
  /// Toggles with every refresh of the memory.
  static let refreshToggle = Self(rawValue: 0x10)
  /// OUT of counter 2.
  static let timer2Out = Self(rawValue: 0x20)

  /// How many clocks of the timer are between two refreshes: 15 us. A PC's firmware programs counter
  /// 1 with it; here they come from the start, and whatever a guest does to counter 1.
  static let clocksPerRefresh: UInt64 = 18
}
