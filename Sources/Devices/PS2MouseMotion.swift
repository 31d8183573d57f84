extension PS2Mouse {
  /// The buttons of a mouse, by the bits of a packet's first byte; the side buttons follow.
  public struct Buttons: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The primary button.
    public static let left = Self(rawValue: 0x01)
    /// The secondary button.
    public static let right = Self(rawValue: 0x02)
    /// The button under the wheel.
    public static let middle = Self(rawValue: 0x04)
    /// The fourth button: "back".
    public static let side = Self(rawValue: 0x08)
    /// The fifth button: "forward".
    public static let extra = Self(rawValue: 0x10)
    static let all: Self = [.left, .right, .middle, .side, .extra]
  }
}

/// What a mouse has to report: its buttons, and the movements that the host has not taken yet.
struct PS2MouseMotion: Equatable, Sendable {
  /// A movement with the buttons that were held during it.
  private struct Report: Equatable, Sendable {
    var dx: Int32 = 0
    var dy: Int32 = 0
    var wheel: Int32 = 0
    var buttons: PS2Mouse.Buttons
    /// Whether counts were lost, since the last packet.
    var xOverflow = false
    var yOverflow = false

    var isStill: Bool { dx == 0 && dy == 0 && wheel == 0 }
  }

  static let capacity = 16
  /// How far the counters of a report go; it takes 128 packets to send as much.
  static let counterLimit: Int32 = 0x7FFF

  /// The buttons that are held now.
  private(set) var buttons: PS2Mouse.Buttons = []
  /// Neighbours differ in their buttons.
  private var reports: [Report] = []

  init() { reports.reserveCapacity(Self.capacity) }

  var isEmpty: Bool { reports.isEmpty }

  /// Adds a movement, as ``PS2Mouse/move(dx:dy:wheel:)``.
  mutating func move(dx: Int, dy: Int, wheel: Int) {
    guard dx != 0 || dy != 0 || wheel != 0 else { return }
    if reports.isEmpty { reports.append(Report(buttons: buttons)) }
    let last = reports.count - 1
    if Self.add(dx, to: &reports[last].dx) { reports[last].xOverflow = true }
    // A packet counts up and down the other way round. Negating by 0 &- x keeps Int.min harmless.
    if Self.add(0 &- max(dy, -Int.max), to: &reports[last].dy) { reports[last].yOverflow = true }
    _ = Self.add(0 &- max(wheel, -Int.max), to: &reports[last].wheel)
  }

  /// Notes the buttons; if they shall be reported and have changed, a report begins.
  mutating func setButtons(_ new: PS2Mouse.Buttons, isReported: Bool) {
    let new = new.intersection(.all)
    guard new != buttons else { return }
    buttons = new
    guard isReported else { return }
    if reports.count < Self.capacity {
      reports.append(Report(buttons: new))
    } else {
      reports[reports.count - 1].buttons = new
    }
  }

  /// Forgets all movements.
  mutating func clear() { reports.removeAll(keepingCapacity: true) }

  /// Takes a movement packet: the first report, or as much of it as fits; without one, a packet
  /// that says that nothing has moved.
  ///
  /// - Parameters:
  ///   - type: Whether there is a fourth byte, and what is in it.
  ///   - isScaled: Whether to scale by 2:1.
  mutating func takePacket(for type: PS2Mouse.DeviceType, isScaled: Bool) -> ByteQueue {
    var report = reports.first ?? Report(buttons: buttons)
    let dx = Self.take(from: &report.dx, isScaled: isScaled)
    let dy = Self.take(from: &report.dy, isScaled: isScaled)
    // Three buttons, a bit that is always set, the deltas' signs and overflows.
    var head = report.buttons.rawValue & 0x07 | 0x08
    if dx < 0 { head |= 0x10 }
    if dy < 0 { head |= 0x20 }
    if report.xOverflow { head |= 0x40 }
    if report.yOverflow { head |= 0x80 }
    report.xOverflow = false
    report.yOverflow = false

    var packet = ByteQueue(
      head, UInt8(truncatingIfNeeded: dx), UInt8(truncatingIfNeeded: dy))
    if type == .standard {
      report.wheel = 0
    } else {
      let notches = min(max(report.wheel, -8), 7)
      report.wheel -= notches
      let wheel = UInt8(truncatingIfNeeded: notches)
      packet.append(
        type == .intelliMouse
          ? wheel : wheel & 0x0F | (report.buttons.rawValue & 0x18) << 1)
    }

    if !reports.isEmpty {
      if report.isStill { reports.removeFirst() } else { reports[0] = report }
    }
    return packet
  }

  /// Adds to a counter, which stops at its limit.
  ///
  /// - Returns: Whether counts were lost.
  private static func add(_ delta: Int, to counter: inout Int32) -> Bool {
    let limit = Int(counterLimit)
    // Both are small by now.
    let sum = Int(counter) + min(max(delta, -2 * limit), 2 * limit)
    counter = Int32(min(max(sum, -limit), limit))
    return sum != Int(counter)
  }

  /// Takes from a counter what fits into a packet's nine bits.
  ///
  /// -256 would fit, but Linux's psmouse takes a zero in the low byte for no movement.
  private static func take(from counter: inout Int32, isScaled: Bool) -> Int32 {
    let limit: Int32 = isScaled ? 127 : 255
    let counts = min(max(counter, -limit), limit)
    counter -= counts
    guard isScaled else { return counts }
    // The reference's table for 2:1, symmetric for negative counts.
    let magnitude: Int32 =
      switch abs(counts) {
      case 0: 0
      case 1, 2: 1
      case 3: 3
      case 4: 6
      case 5: 9
      default: 2 * abs(counts)
      }
    return counts < 0 ? -magnitude : magnitude
  }

  /// Traps if the state is inconsistent; for tests.
  func _checkInvariants() {
    precondition(reports.count <= Self.capacity)
    let range = -Self.counterLimit...Self.counterLimit
    for report in reports {
      precondition(range.contains(report.dx) && range.contains(report.dy))
      precondition(range.contains(report.wheel))
    }
  }
}
