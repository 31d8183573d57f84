/// The I/O APIC, Intel 82093AA.
enum IOAPIC {
  /// One pin's entry of the redirection table, its low half; the high half holds the destination.
  struct Entry {
    var rawValue: UInt32
    static let levelTriggered: UInt32 = 1 << 15
    static let masked: UInt32 = 1 << 16
    static let remoteIRR: UInt32 = 1 << 14

    /// Fixed delivery of `vector`, active high, edge-triggered.
    static func edge(_ vector: UInt8) -> Entry { Entry(rawValue: UInt32(vector)) }
    /// Fixed delivery of `vector`, active high, level-triggered.
    static func level(_ vector: UInt8) -> Entry {
      Entry(rawValue: UInt32(vector) | levelTriggered)
    }

    var isMasked: Bool {
      get { rawValue & Self.masked != 0 }
      set { rawValue = newValue ? rawValue | Self.masked : rawValue & ~Self.masked }
    }
  }

  private static let select: UInt64 = 0xFEC0_0000
  private static let window: UInt64 = 0xFEC0_0010
  private static let versionRegister: UInt32 = 0x01
  private static let redirectionTable: UInt32 = 0x10

  static var pinCount: UInt32 { (read(versionRegister) >> 16 & 0xFF) + 1 }

  /// Routes `pin` to the CPU whose local APIC has the id `destination`.
  static func route(_ pin: UInt32, _ entry: Entry, to destination: UInt32 = 0) {
    // Masked while the two halves do not belong together.
    write(redirectionTable + 2 * pin, Entry.masked)
    write(redirectionTable + 2 * pin + 1, destination << 24)
    write(redirectionTable + 2 * pin, entry.rawValue)
  }

  static func entry(_ pin: UInt32) -> Entry { Entry(rawValue: read(redirectionTable + 2 * pin)) }

  static func mask(_ pin: UInt32) { set(pin, masked: true) }
  static func unmask(_ pin: UInt32) { set(pin, masked: false) }

  private static func set(_ pin: UInt32, masked: Bool) {
    var entry = entry(pin)
    entry.isMasked = masked
    write(redirectionTable + 2 * pin, entry.rawValue)
  }

  private static func read(_ register: UInt32) -> UInt32 {
    memoryWrite32(select, register)
    return memoryRead32(window)
  }

  private static func write(_ register: UInt32, _ value: UInt32) {
    memoryWrite32(select, register)
    memoryWrite32(window, value)
  }
}
