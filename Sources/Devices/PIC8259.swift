/// An Intel 8259A programmable interrupt controller: the registers and nothing else.
///
/// A value: it knows no lock and no other chip. ``InterruptController8259`` makes the pair of a PC
/// of two of them.
///
/// After Intel's 8259A datasheet, and where a PC's chipset differs, after the chipset (Intel 82371,
/// "Interrupt controller registers"):
/// - Each input is edge- or level-triggered by its bit of ELCR; LTIM of ICW1 has no effect.
/// - The slave is wired to a fixed input, whatever ICW3 says; ICW3 is only taken out of the sequence.
/// - The processor is always an 8086: µPM, ADI, the call address and the buffered mode have no effect.
///
/// QEMU and KVM make the same choices. Unlike them, and as the datasheet says, a request lasts only
/// as long as its input is high: "if the IR input goes low before [the acknowledge] a default IR7
/// will occur".
///
/// Levels are numbered as the inputs, 0 to 7; a set of levels is a byte with bit 0 for IR0.
public struct PIC8259: Equatable, Sendable {
  /// What the inputs are at.
  var inputs: UInt8 = 0
  /// Inputs that have risen, have stayed high, and were not acknowledged since: what edge-triggered
  /// inputs request. Kept for level-triggered ones, too, as they may become edge-triggered.
  var edges: UInt8 = 0
  /// ISR.
  public internal(set) var inService: UInt8 = 0
  /// IMR.
  public internal(set) var mask: UInt8 = 0
  /// ELCR: which inputs are level-triggered.
  public internal(set) var levelTriggered: UInt8 = 0
  /// T7 to T3 of ICW2; the low three bits are 0.
  public internal(set) var vectorBase: UInt8 = 0
  /// The level of lowest priority; the next one, modulo 8, has the highest.
  var lowestPriority: UInt8 = 7

  var icw1: InitializationCommand1 = []
  var icw4: InitializationCommand4 = []
  var expected = Expected.ocw1
  var rotatesOnAutomaticEOI = false
  var isSpecialMaskMode = false
  var readsInService = false
  var isPolled = false

  private let configurableInputs: UInt8
  private let cascadeInput: UInt8?

  /// A chip before its initialisation, as QEMU and KVM start one: nothing masked, vector base 0. The
  /// datasheet leaves that state undefined.
  ///
  /// - Parameters:
  ///   - configurableInputs: Which bits of ELCR the guest can change; the others stay 0.
  ///   - cascadeInput: The input that a slave drives, 0 to 7; nil if there is none.
  public init(configurableInputs: UInt8 = 0xFF, cascadeInput: UInt8? = nil) {
    self.configurableInputs = configurableInputs
    self.cascadeInput = cascadeInput.map { $0 & 7 }
  }

  // MARK: The pins

  /// IRR: which levels request an interrupt, masked or not.
  public var requests: UInt8 { edges & ~levelTriggered | inputs & levelTriggered }

  /// The output INT: whether a request has priority over what is in service.
  public var isRequesting: Bool { pendingLevel != nil }

  /// Drives an input.
  ///
  /// - Parameters:
  ///   - input: 0 to 7; only the low three bits are decoded.
  ///   - isHigh: Its level from now on.
  public mutating func setInput(_ input: UInt8, _ isHigh: Bool) {
    let bit = Self.bit(input)
    if isHigh {
      edges |= bit & ~inputs
      inputs |= bit
    } else {
      edges &= ~bit
      inputs &= ~bit
    }
  }

  /// Takes the processor's acknowledge cycles: the level of highest priority is now in service, or
  /// with automatic EOI was.
  ///
  /// - Returns: The level. 7, with nothing in service, if the request has gone: a spurious interrupt.
  public mutating func acknowledge() -> UInt8 {
    guard let level = pendingLevel else { return 7 }
    let bit = Self.bit(level)
    edges &= ~bit
    if !icw4.contains(.automaticEOI) {
      inService |= bit
    } else if rotatesOnAutomaticEOI {
      lowestPriority = level
    }
    return level
  }

  /// The interrupt vector of a level.
  public func vector(of level: UInt8) -> UInt8 { vectorBase | level & 7 }

  // MARK: The registers

  /// Reads a register. While a poll command is outstanding, a read of either is the acknowledge:
  /// bit 7 tells whether there was a request, bits 0 to 2 its level (7 without one, as in KVM).
  ///
  /// - Parameter register: See ``Register``; only the lowest bit is decoded.
  public mutating func read(_ register: UInt8) -> UInt8 {
    if isPolled {
      isPolled = false
      let hadRequest = isRequesting
      return acknowledge() | (hadRequest ? 0x80 : 0)
    }
    if register & 1 == Register.data { return mask }
    return readsInService ? inService : requests
  }

  /// Writes a register.
  ///
  /// - Parameters:
  ///   - register: See ``Register``; only the lowest bit is decoded.
  ///   - value: The command word; which one it is depends on the register, bits 3 and 4, and the
  ///     words before it.
  public mutating func write(_ register: UInt8, _ value: UInt8) {
    if register & 1 == Register.data {
      writeData(value)
    } else {
      writeCommand(value)
    }
  }

  /// Writes the chip's ELCR, which the chipset has added; bits of inputs that cannot be
  /// level-triggered stay 0.
  public mutating func writeLevelTriggered(_ value: UInt8) {
    levelTriggered = value & configurableInputs
  }

  // MARK: Priorities

  /// The level that an acknowledge now would get; nil if there is no request, or what is in service
  /// has priority over every one.
  var pendingLevel: UInt8? {
    let candidates = requests & ~mask
    if candidates == 0 { return nil }
    let level = highest(of: candidates)
    let blocking = isSpecialMaskMode ? inService & ~mask : inService
    if blocking == 0 { return level }
    let serving = highest(of: blocking)
    if level == serving {
      // Special fully nested mode: a slave is not locked out by its own request in service, since it
      // only asks again for one of higher priority.
      return icw4.contains(.specialFullyNested) && level == cascadeInput ? level : nil
    }
    return rank(of: level) < rank(of: serving) ? level : nil
  }

  /// The level of highest priority in `levels`, which is not empty.
  func highest(of levels: UInt8) -> UInt8 {
    let first = (lowestPriority &+ 1) & 7
    let rotated = levels >> first | levels << (8 &- first)
    return (UInt8(truncatingIfNeeded: rotated.trailingZeroBitCount) &+ first) & 7
  }

  /// 0 for the level of highest priority, 7 for that of the lowest.
  private func rank(of level: UInt8) -> UInt8 { (level &- lowestPriority &- 1) & 7 }

  static func bit(_ level: UInt8) -> UInt8 { 1 << (level & 7) }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    precondition(edges & ~inputs == 0, "the request of an input that is low")
    precondition(levelTriggered & ~configurableInputs == 0)
    precondition(vectorBase & 7 == 0 && lowestPriority < 8)
    if let level = pendingLevel {
      precondition(requests & ~mask & Self.bit(level) != 0, "pending without a request")
    }
  }
}
