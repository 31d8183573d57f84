/// The registers and command words of the 8254, by the names of the datasheet.
///
/// Intel 8254 datasheet, "Programming the 8254" and "Read operations".
extension PIT8254 {
  /// The four addresses of the chip: a counter each, and the control word.
  public enum Register {
    /// Counter 0: the system timer of a PC.
    public static let counter0: UInt8 = 0
    /// Counter 1: memory refresh on the first PCs.
    public static let counter1: UInt8 = 1
    /// Counter 2: the speaker, and whoever needs to measure time.
    public static let counter2: UInt8 = 2
    /// The control word; write only.
    public static let control: UInt8 = 3
  }

  /// What a byte that is written to ``Register/control`` asks for.
  enum Command: Equatable {
    /// SC 0 to 2 with RW 1 to 3: programs a counter. `format` is the control word's bits 0 to 5.
    case program(counter: Int, format: UInt8)
    /// SC 0 to 2 with RW 0: the counter latch command.
    case latch(counter: Int)
    /// SC 3: the read-back command. Bit n of `counters` stands for counter n.
    case readBack(counters: UInt8, latchesCount: Bool, latchesStatus: Bool)

    init(_ value: UInt8) {
      let counter = Int(value >> 6)
      self =
        if counter == 3 {
          // The two latch bits are active low.
          .readBack(
            counters: value >> 1 & 7, latchesCount: value & 0x20 == 0,
            latchesStatus: value & 0x10 == 0)
        } else if value & 0x30 == 0 {
          .latch(counter: counter)
        } else {
          .program(counter: counter, format: value & 0x3F)
        }
    }
  }

  /// M2 to M0: what a counter does.
  public enum Mode: UInt8, Sendable {
    /// OUT rises when the count has run out.
    case interruptOnTerminalCount = 0
    /// A trigger makes OUT low until the count has run out.
    case hardwareRetriggerableOneShot = 1
    /// OUT is low for the last clock of each period.
    case rateGenerator = 2
    /// OUT is high in the first half of each period.
    case squareWave = 3
    /// OUT is low for one clock when the count has run out.
    case softwareTriggeredStrobe = 4
    /// A trigger starts the count, and OUT is low for one clock when it has run out.
    case hardwareTriggeredStrobe = 5

    /// The mode of the three bits; 6 and 7 are 2 and 3 ("don't care").
    init(bits: UInt8) {
      self = Mode(rawValue: bits & 7) ?? (bits & 1 == 0 ? .rateGenerator : .squareWave)
    }

    /// Whether a rising edge of GATE, not the written count, starts the counter.
    var isHardwareTriggered: Bool {
      self == .hardwareRetriggerableOneShot || self == .hardwareTriggeredStrobe
    }

    /// Whether the counter reloads itself.
    var isPeriodic: Bool { self == .rateGenerator || self == .squareWave }

    /// Whether OUT is low for one clock at the end.
    var isStrobe: Bool { self == .softwareTriggeredStrobe || self == .hardwareTriggeredStrobe }
  }

  /// RW: which bytes of a count are written and read.
  enum Access: UInt8 {
    case low = 1
    case high = 2
    case lowThenHigh = 3
  }
}
