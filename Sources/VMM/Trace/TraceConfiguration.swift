public import SystemPackage

/// Kinds of events that a machine can write down as they happen.
public struct TraceCategories: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Each return of `KVM_RUN`, with its reason.
  public static let exits = Self(rawValue: 1 << 0)
  /// Accesses to I/O ports, with their values.
  public static let io = Self(rawValue: 1 << 1)
  /// Accesses to addresses without memory, with their values.
  public static let mmio = Self(rawValue: 1 << 2)
  /// Changes of the interrupt lines that the machine's own devices drive.
  public static let irq = Self(rawValue: 1 << 3)
  /// Harvests of the dirty log that reported pages.
  public static let dirty = Self(rawValue: 1 << 4)
  /// Bytes that COM1 has sent.
  public static let serial = Self(rawValue: 1 << 5)
  /// Calls of the BIOS, with the registers and what they became.
  public static let bios = Self(rawValue: 1 << 6)
  /// Instructions that the emulation assist has executed.
  public static let assist = Self(rawValue: 1 << 7)
  /// All of them.
  public static let all: Self = [.exits, .io, .mmio, .irq, .dirty, .serial, .bios, .assist]

  /// The name of each category, in the order of their bits.
  public static let names: [(name: String, category: TraceCategories)] = [
    ("exits", .exits), ("io", .io), ("mmio", .mmio), ("irq", .irq), ("dirty", .dirty),
    ("serial", .serial), ("bios", .bios), ("assist", .assist),
  ]
}

/// What a machine traces, and where to.
public struct TraceConfiguration: Sendable {
  /// What is written down.
  public var categories: TraceCategories
  /// Where the lines go. It stays open and is not closed.
  public var output: FileDescriptor

  public init(_ categories: TraceCategories, to output: FileDescriptor = .standardError) {
    self.categories = categories
    self.output = output
  }
}
