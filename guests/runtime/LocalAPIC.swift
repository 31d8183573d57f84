/// The local APIC of the CPU that runs this, through its registers in memory.
enum LocalAPIC {
  enum Register: UInt64 {
    case id = 0x20
    case version = 0x30
    case taskPriority = 0x80
    case spuriousVector = 0xF0
    case commandLow = 0x300
    case commandHigh = 0x310
    case timer = 0x320
    case initialCount = 0x380
    case currentCount = 0x390
    case divideConfiguration = 0x3E0
  }

  /// Interrupt command: what is sent.
  enum Delivery: UInt32 {
    case fixed = 0x4000  // with the level bit, which only INIT's own end has clear
    case initialize = 0x4500
    case startUp = 0x4600
  }

  /// Interrupt command: the shorthands for who receives it.
  enum Shorthand: UInt32 {
    case oneself = 0x4_0000
    case everyone = 0x8_0000
    case allOthers = 0xC_0000
  }

  /// Local vector table: the bits beside the vector.
  static let masked: UInt32 = 1 << 16
  static let periodic: UInt32 = 1 << 17
  static let tscDeadline: UInt32 = 2 << 17
  /// The timer counts bus cycles divided by 1.
  static let divideByOne: UInt32 = 0xB

  private static let base: UInt64 = 0xFEE0_0000
  private static let deliveryPending: UInt32 = 1 << 12

  static subscript(register: Register) -> UInt32 {
    get { memoryRead32(base + register.rawValue) }
    set { memoryWrite32(base + register.rawValue, newValue) }
  }

  /// Whether this CPU has one, by CPUID.
  static var isPresent: Bool { cpuid(1, 0).edx & 1 << 9 != 0 }

  /// Switches the APIC on; spurious interrupts get vector 0xFF.
  static func enable() {
    Interrupts.install(0xFF, end: .none)
    self[.spuriousVector] = 0x1FF
  }

  static var id: UInt32 { self[.id] >> 24 }

  /// Sends an interrupt of `vector` to the CPU whose APIC has `id`.
  static func send(_ delivery: Delivery, vector: UInt8, to id: UInt32) {
    self[.commandHigh] = id << 24
    command(delivery.rawValue | UInt32(vector))
  }

  /// Sends an interrupt of `vector` to one of the groups that have a shorthand.
  static func send(_ delivery: Delivery, vector: UInt8, to group: Shorthand) {
    command(group.rawValue | delivery.rawValue | UInt32(vector))
  }

  private static func command(_ value: UInt32) {
    self[.commandLow] = value
    while self[.commandLow] & deliveryPending != 0 { relax() }
  }
}
