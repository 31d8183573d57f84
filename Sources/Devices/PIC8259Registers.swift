/// The command words of the 8259A, by the names of the datasheet.
///
/// Intel 8259A datasheet, "Programming the 8259A".
extension PIC8259 {
  /// The two addresses of the chip, the level of its pin A0.
  public enum Register {
    /// ICW1, OCW2 and OCW3 (write); IRR, ISR or the poll word (read).
    public static let command: UInt8 = 0
    /// ICW2 to ICW4 and OCW1 (write); IMR (read).
    public static let data: UInt8 = 1
  }

  /// ICW1: starts the initialisation.
  struct InitializationCommand1: OptionSet, Sendable {
    let rawValue: UInt8
    /// IC4: ICW4 will follow.
    static let needsICW4 = Self(rawValue: 0x01)
    /// SNGL: the only chip, so ICW3 will not follow.
    static let single = Self(rawValue: 0x02)
    /// Tells ICW1 from OCW2 and OCW3.
    static let identifier = Self(rawValue: 0x10)
  }

  /// ICW4: the modes.
  struct InitializationCommand4: OptionSet, Sendable {
    let rawValue: UInt8
    /// AEOI: automatic end of interrupt.
    static let automaticEOI = Self(rawValue: 0x02)
    /// SFNM: special fully nested mode.
    static let specialFullyNested = Self(rawValue: 0x10)
  }

  /// OCW2, bits 5 to 7: end of interrupt and rotation.
  enum EndOfInterrupt: UInt8, Sendable {
    case rotateInAutomaticEOIClear = 0b000
    case nonSpecific = 0b001
    case noOperation = 0b010
    case specific = 0b011
    case rotateInAutomaticEOISet = 0b100
    case rotateOnNonSpecific = 0b101
    case setPriority = 0b110
    case rotateOnSpecific = 0b111
  }

  /// OCW3: what is read, polling, and the special mask mode.
  struct OperationCommand3: OptionSet, Sendable {
    let rawValue: UInt8
    /// RIS: with `readRegister`, ISR instead of IRR.
    static let inService = Self(rawValue: 0x01)
    /// RR: select the register that is read.
    static let readRegister = Self(rawValue: 0x02)
    /// P: the next read is a poll.
    static let poll = Self(rawValue: 0x04)
    /// Tells OCW3 from OCW2.
    static let identifier = Self(rawValue: 0x08)
    /// SMM: with `enableSpecialMask`, the new state of the special mask mode.
    static let specialMask = Self(rawValue: 0x20)
    /// ESMM: change the special mask mode.
    static let enableSpecialMask = Self(rawValue: 0x40)
  }

  /// Which command word the data register takes next.
  enum Expected: Sendable {
    case icw2, icw3, icw4, ocw1
  }
}
