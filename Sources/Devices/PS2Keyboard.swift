/// A PS/2 keyboard as seen from its plug: bytes in, bytes out, and keys.
///
/// A value without port, thread or clock. ``receive(_:)`` is a byte from the host, ``transmit()``
/// takes the next one for it; whoever owns the keyboard decides when, as the clock line does.
///
/// After the IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)":
/// - Scan code sets 1 and 2; set 3, which PC software does not use, is refused.
/// - Sixteen bytes of scan codes wait for the host; the overrun code takes the seventeenth place
///   when a key does not fit, and what follows is lost until there is room again. A key's sequence
///   is queued whole or not at all.
/// - An answer overtakes scan codes, and a new command replaces an answer nobody has taken.
/// - There is no typematic repeat: its rate is accepted, and a key pressed again without a release
///   repeats. Who feeds keys from a real keyboard passes that one's repeats on.
public struct PS2Keyboard: Equatable, Sendable {
  /// The lamps, as the host sets them.
  public struct LEDs: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Scroll Lock.
    public static let scrollLock = Self(rawValue: 0x01)
    /// Num Lock.
    public static let numLock = Self(rawValue: 0x02)
    /// Caps Lock.
    public static let capsLock = Self(rawValue: 0x04)
    static let all: Self = [.scrollLock, .numLock, .capsLock]
  }

  /// What the host may send.
  public enum Command {
    /// Followed by ``LEDs``.
    public static let setLEDs: UInt8 = 0xED
    /// Answered by ``Reply/echo``.
    public static let echo: UInt8 = 0xEE
    /// Followed by 1 or 2, or by 0 to ask.
    public static let selectScanCodeSet: UInt8 = 0xF0
    /// Answered by ``Reply/id``.
    public static let readID: UInt8 = 0xF2
    /// Followed by rate and delay.
    public static let setTypematicRate: UInt8 = 0xF3
    /// Starts to report keys.
    public static let enable: UInt8 = 0xF4
    /// Restores the defaults and stops reporting keys.
    public static let setDefaultAndDisable: UInt8 = 0xF5
    /// Restores the defaults: set 2, lamps off, nothing queued.
    public static let setDefault: UInt8 = 0xF6
    /// Repeats the last byte.
    public static let resend: UInt8 = 0xFE
    /// Restores the defaults and tests itself.
    public static let reset: UInt8 = 0xFF
    /// 0xF7 to 0xFA: which keys repeat and report releases, in set 3 only.
    static let setAllKeys: ClosedRange<UInt8> = 0xF7...0xFA
  }

  /// What the keyboard answers.
  public enum Reply {
    /// A command or its argument has been taken.
    public static let acknowledge: UInt8 = 0xFA
    /// Also the answer to what the keyboard does not know.
    public static let resend: UInt8 = 0xFE
    /// Follows the acknowledgement of a reset.
    public static let selfTestPassed: UInt8 = 0xAA
    /// The answer to ``Command/echo``.
    public static let echo: UInt8 = 0xEE
    /// An MF2 keyboard.
    public static let id: (UInt8, UInt8) = (0xAB, 0x83)
  }

  /// How many bytes of scan codes wait at most, not counting the overrun code.
  public static let scanCodeCapacity = 16

  /// The lamps.
  public private(set) var leds: LEDs = []
  /// The scan code set in use: 1 or 2.
  public private(set) var scanCodeSet: UInt8 = 2
  /// Whether keys are reported.
  public private(set) var isScanning = true

  /// The command whose argument comes next.
  private var awaiting: UInt8?
  private var replies = ByteQueue()
  private var scanCodes = ByteQueue()
  /// Whether the last of `scanCodes` is the overrun code.
  private var hasOverrun = false
  private var sequence = PS2KeySequence()
  private var lastSent: UInt8 = 0

  /// A keyboard after its self-test, whose result has been taken.
  public init() {}

  /// Whether ``transmit()`` would return a byte.
  public var hasOutput: Bool { !replies.isEmpty || !scanCodes.isEmpty }

  /// The next byte for the host.
  public mutating func transmit() -> UInt8? {
    guard let byte = replies.popFirst() ?? scanCodes.popFirst() else { return nil }
    if scanCodes.isEmpty { hasOverrun = false }
    lastSent = byte
    return byte
  }

  // MARK: Keys

  /// A key goes down, or is held and repeats.
  public mutating func press(_ key: Key) { send(sequence.press(key)) }

  /// A key goes up.
  public mutating func release(_ key: Key) { send(sequence.release(key)) }

  private mutating func send(_ codes: ByteQueue) {
    guard isScanning, !codes.isEmpty else { return }
    let codes = scanCodeSet == 1 ? ScanCodeTranslator.translate(codes) : codes
    if scanCodes.count + codes.count <= Self.scanCodeCapacity {
      scanCodes.append(contentsOf: codes)
      hasOverrun = false
    } else if !hasOverrun {
      scanCodes.append(scanCodeSet == 1 ? 0xFF : 0x00)
      hasOverrun = true
    }
  }

  private mutating func clearScanCodes() {
    scanCodes.removeAll()
    hasOverrun = false
  }

  // MARK: Commands

  /// Takes a byte from the host: a command or the argument of one.
  public mutating func receive(_ byte: UInt8) {
    replies.removeAll()
    let command = awaiting
    awaiting = nil
    // No argument is as large as a command: a command in its place starts anew.
    if let command, byte < Command.setLEDs {
      execute(command, argument: byte)
    } else {
      execute(byte)
    }
  }

  private mutating func execute(_ command: UInt8) {
    switch command {
    case Command.echo:
      replies.append(Reply.echo)
    case Command.setLEDs, Command.selectScanCodeSet, Command.setTypematicRate:
      awaiting = command
      replies.append(Reply.acknowledge)
    case Command.readID:
      replies = ByteQueue(Reply.acknowledge, Reply.id.0, Reply.id.1)
    case Command.enable:
      clearScanCodes()
      isScanning = true
      replies.append(Reply.acknowledge)
    case Command.setDefaultAndDisable:
      setDefaults()
      isScanning = false
      replies.append(Reply.acknowledge)
    case Command.setDefault:
      setDefaults()
      replies.append(Reply.acknowledge)
    case Command.setAllKeys:
      replies.append(Reply.acknowledge)
    case Command.resend:
      replies.append(lastSent)
    case Command.reset:
      setDefaults()
      isScanning = true
      replies = ByteQueue(Reply.acknowledge, Reply.selfTestPassed)
    default:
      replies.append(Reply.resend)
    }
  }

  private mutating func execute(_ command: UInt8, argument: UInt8) {
    switch (command, argument) {
    case (Command.setLEDs, _):
      leds = LEDs(rawValue: argument).intersection(.all)
    case (Command.selectScanCodeSet, 0):
      replies = ByteQueue(Reply.acknowledge, scanCodeSet)
      return
    case (Command.selectScanCodeSet, 1...2):
      clearScanCodes()
      scanCodeSet = argument
    case (Command.selectScanCodeSet, _):
      replies.append(Reply.resend)
      return
    default: break
    }
    replies.append(Reply.acknowledge)
  }

  private mutating func setDefaults() {
    clearScanCodes()
    leds = []
    scanCodeSet = 2
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    replies._checkInvariants()
    scanCodes._checkInvariants()
    precondition(replies.count <= 3)
    precondition(scanCodes.count <= Self.scanCodeCapacity + (hasOverrun ? 1 : 0))
    precondition(scanCodeSet == 1 || scanCodeSet == 2)
  }
}
