/// The processor mode in which a flat image is entered.
public enum CPUMode: String, CaseIterable, Sendable {
  /// 16-bit real-address mode, as a PC's firmware enters a boot sector.
  case real
  /// 32-bit protected mode with flat segments, without paging.
  case protected
  /// 64-bit long mode, identity-mapped by pages that user code may use.
  case long

  /// The processor's own words for it.
  public var summary: String {
    switch self {
    case .real: "16-bit real mode"
    case .protected: "32-bit protected mode"
    case .long: "64-bit long mode"
    }
  }

  /// Where an image is loaded that does not say.
  public var defaultLoadAddress: GuestAddress {
    self == .real ? MemoryMap.bootSector : MemoryMap.highMemory
  }
}
