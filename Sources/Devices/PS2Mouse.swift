/// A PS/2 mouse with a wheel as seen from its plug: bytes in, bytes out, and movements.
///
/// A value without port, thread or clock. ``receive(_:)`` is a byte from the host, ``transmit()``
/// takes the next one for it.
///
/// After the IBM PS/2 Hardware Interface Technical Reference, "Mouse", and Microsoft's IntelliMouse
/// extensions: the host unlocks the wheel by sample rates of 200, 100 and 80, and the fourth and
/// fifth button by 200, 200 and 80, and learns of it by the ID (0, 3 or 4).
///
/// **Movements.** What happens before the host has taken the last report joins that report, unless
/// buttons have changed in between: so a slow host falls behind neither the pointer nor the clicks,
/// and what waits is bounded. Beyond sixteen changes of buttons the last one wins. A movement too
/// large for a packet is sent in several. The sample rate is kept and reported, and so is the
/// resolution; neither has an effect, for the host's counts are taken as the mouse's.
public struct PS2Mouse: Equatable, Sendable {
  /// What the host may send.
  public enum Command {
    /// Movements as they are.
    public static let setScaling1To1: UInt8 = 0xE6
    /// Slow movements finer, fast ones doubled, in stream mode.
    public static let setScaling2To1: UInt8 = 0xE7
    /// Followed by 0 to 3: 1, 2, 4 or 8 counts a millimetre.
    public static let setResolution: UInt8 = 0xE8
    /// Answers modes and buttons, resolution and sample rate.
    public static let statusRequest: UInt8 = 0xE9
    /// Reports are sent unasked, once enabled.
    public static let setStreamMode: UInt8 = 0xEA
    /// Answers a movement packet.
    public static let readData: UInt8 = 0xEB
    /// Ends wrap mode.
    public static let resetWrapMode: UInt8 = 0xEC
    /// Sends every byte back, until ``resetWrapMode`` or a reset.
    public static let setWrapMode: UInt8 = 0xEE
    /// Reports are sent on ``readData`` only.
    public static let setRemoteMode: UInt8 = 0xF0
    /// Answers ``DeviceType``.
    public static let readDeviceType: UInt8 = 0xF2
    /// Followed by one of ``PS2Mouse/sampleRates``.
    public static let setSampleRate: UInt8 = 0xF3
    /// Starts to report in stream mode.
    public static let enable: UInt8 = 0xF4
    /// Stops to report in stream mode.
    public static let disable: UInt8 = 0xF5
    /// Restores the defaults but not the device type.
    public static let setDefault: UInt8 = 0xF6
    /// Repeats the last answer or packet.
    public static let resend: UInt8 = 0xFE
    /// Restores the defaults and tests itself.
    public static let reset: UInt8 = 0xFF
  }

  /// What the mouse answers.
  public enum Reply {
    /// A command or its argument has been taken.
    public static let acknowledge: UInt8 = 0xFA
    /// Also the answer to what the mouse does not know.
    public static let resend: UInt8 = 0xFE
    /// Follows the acknowledgement of a reset, and is followed by the device type.
    public static let selfTestPassed: UInt8 = 0xAA
  }

  /// What the mouse has become, by the number that ``Command/readDeviceType`` returns.
  public enum DeviceType: UInt8, Sendable {
    /// Three buttons, packets of three bytes.
    case standard = 0
    /// And a wheel: packets of four bytes.
    case intelliMouse = 3
    /// And two more buttons.
    case intelliMouseExplorer = 4
  }

  /// The samples a second that a host may set.
  public static let sampleRates: [UInt8] = [10, 20, 40, 60, 80, 100, 200]

  /// The device type in use.
  public private(set) var deviceType = DeviceType.standard
  /// Whether movements are reported in stream mode.
  public private(set) var isReporting = false
  /// Whether the mouse only answers ``Command/readData``.
  public private(set) var isRemote = false
  /// Samples a second.
  public private(set) var sampleRate: UInt8 = 100
  /// 0 to 3: 1, 2, 4 or 8 counts a millimetre.
  public private(set) var resolution: UInt8 = 2
  /// Whether movements in stream mode are scaled by 2:1.
  public private(set) var isScaled = false

  private var isWrapping = false
  /// The command whose argument comes next.
  private var awaiting: UInt8?
  /// The last three sample rates, the newest in the low byte.
  private var rateHistory: UInt32 = 0
  private var motion = PS2MouseMotion()
  private var replies = ByteQueue()
  /// The movement packet that is being sent, and what is left of it.
  private var packet = ByteQueue()
  private var packetRest = ByteQueue()
  /// What ``Command/resend`` repeats: the last answer or packet.
  private var lastSent = ByteQueue()

  /// A mouse after its self-test, whose result has been taken: reporting disabled.
  public init() {}

  /// Whether ``transmit()`` would return a byte.
  public var hasOutput: Bool {
    !replies.isEmpty || !packetRest.isEmpty || streams && !motion.isEmpty
  }

  /// Whether reports are sent unasked.
  private var streams: Bool { isReporting && !isRemote && !isWrapping }

  /// The next byte for the host.
  public mutating func transmit() -> UInt8? {
    if let reply = replies.popFirst() { return reply }
    if packetRest.isEmpty, streams, !motion.isEmpty {
      packet = motion.takePacket(for: deviceType, isScaled: isScaled)
      packetRest = packet
      lastSent = packet
    }
    return packetRest.popFirst()
  }

  // MARK: Movements

  /// The mouse is moved, or its wheel turned.
  ///
  /// - Parameters:
  ///   - dx: Counts to the right.
  ///   - dy: Counts down, towards the user, as on a screen; a packet counts up.
  ///   - wheel: Notches away from the user, which scrolls up; a packet counts down.
  public mutating func move(dx: Int, dy: Int, wheel: Int = 0) {
    guard isRemote || isReporting else { return }
    motion.move(dx: dx, dy: dy, wheel: deviceType == .standard ? 0 : wheel)
  }

  /// Buttons are pressed or released.
  ///
  /// - Parameter buttons: All that are held now.
  public mutating func setButtons(_ buttons: Buttons) {
    motion.setButtons(buttons, isReported: isRemote || isReporting)
  }

  // MARK: Commands

  /// Takes a byte from the host: a command or the argument of one.
  public mutating func receive(_ byte: UInt8) {
    // A command interrupts a packet, which is sent again from its beginning.
    if !packetRest.isEmpty { packetRest = packet }
    replies.removeAll()
    let command = awaiting
    awaiting = nil
    if isWrapping, byte != Command.reset, byte != Command.resetWrapMode {
      replies.append(byte)
    } else if let command, byte < Command.setScaling1To1 {
      // No argument is as large as a command: a command in its place starts anew.
      execute(command, argument: byte)
    } else if byte == Command.resend {
      replies = lastSent
      return
    } else {
      execute(byte)
    }
    lastSent = replies
  }

  private mutating func execute(_ command: UInt8) {
    replies.append(Reply.acknowledge)
    switch command {
    case Command.setScaling1To1: isScaled = false
    case Command.setScaling2To1: isScaled = true
    case Command.setResolution, Command.setSampleRate: awaiting = command
    case Command.statusRequest:
      replies.append(status)
      replies.append(resolution)
      replies.append(sampleRate)
    case Command.setStreamMode: setMode(isRemote: false)
    case Command.readData:
      discardPacket()
      replies.append(contentsOf: motion.takePacket(for: deviceType, isScaled: false))
    case Command.resetWrapMode:
      if isWrapping { clearMovements() }
      isWrapping = false
    case Command.setWrapMode:
      clearMovements()
      isWrapping = true
    case Command.setRemoteMode: setMode(isRemote: true)
    case Command.readDeviceType: replies.append(deviceType.rawValue)
    case Command.enable: setReporting(true)
    case Command.disable: setReporting(false)
    case Command.setDefault: setDefaults()
    case Command.reset:
      setDefaults()
      isWrapping = false
      deviceType = .standard
      replies.append(Reply.selfTestPassed)
      replies.append(deviceType.rawValue)
    default:
      replies = ByteQueue(Reply.resend)
    }
  }

  private mutating func execute(_ command: UInt8, argument: UInt8) {
    if command == Command.setResolution, argument <= 3 {
      resolution = argument
    } else if command == Command.setSampleRate, Self.sampleRates.contains(argument) {
      setSampleRate(argument)
    } else {
      replies.append(Reply.resend)
      return
    }
    replies.append(Reply.acknowledge)
  }

  private mutating func setSampleRate(_ rate: UInt8) {
    sampleRate = rate
    rateHistory = (rateHistory << 8 | UInt32(rate)) & 0xFF_FFFF
    switch rateHistory {
    case 200 << 16 | 100 << 8 | 80: deviceType = .intelliMouse
    case 200 << 16 | 200 << 8 | 80: deviceType = .intelliMouseExplorer
    default: return
    }
    // A packet begun has the other length.
    discardPacket()
  }

  private mutating func setDefaults() {
    setMode(isRemote: false)
    isReporting = false
    isScaled = false
    sampleRate = 100
    resolution = 2
    rateHistory = 0
  }

  private mutating func setMode(isRemote: Bool) {
    self.isRemote = isRemote
    clearMovements()
  }

  private mutating func setReporting(_ isReporting: Bool) {
    self.isReporting = isReporting
    clearMovements()
  }

  private mutating func clearMovements() {
    motion.clear()
    discardPacket()
  }

  private mutating func discardPacket() {
    packet.removeAll()
    packetRest.removeAll()
  }

  /// The first byte of the answer to ``Command/statusRequest``.
  private var status: UInt8 {
    let buttons = motion.buttons
    return (isRemote ? 0x40 : 0) | (isReporting ? 0x20 : 0) | (isScaled ? 0x10 : 0)
      | (buttons.contains(.left) ? 0x04 : 0) | (buttons.contains(.middle) ? 0x02 : 0)
      | (buttons.contains(.right) ? 0x01 : 0)
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    replies._checkInvariants()
    packet._checkInvariants()
    packetRest._checkInvariants()
    motion._checkInvariants()
    precondition(replies.count <= 5 && packet.count <= 4 && packetRest.count <= packet.count)
    precondition(resolution <= 3 && Self.sampleRates.contains(sampleRate))
    precondition(isRemote || isReporting || motion.isEmpty, "movements that nobody wants")
  }
}
