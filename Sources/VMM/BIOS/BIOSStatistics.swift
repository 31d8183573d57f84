/// What a guest has called of the BIOS.
public struct BIOSStatistics: Equatable, Sendable {
  /// Calls that nothing here implements, by interrupt and AH.
  public struct Unsupported: Equatable, Sendable {
    public let interrupt: UInt8
    public let function: UInt8
    public let count: UInt64
  }

  /// All calls that have returned.
  public private(set) var calls: UInt64 = 0
  /// At most one entry for each value of interrupt and AH.
  private var unsupportedCalls: [UInt16: UInt64] = [:]

  init() {}

  /// In the order of their interrupts.
  public var unsupported: [Unsupported] {
    unsupportedCalls.sorted { $0.key < $1.key }.map {
      Unsupported(
        interrupt: UInt8($0.key >> 8), function: UInt8(truncatingIfNeeded: $0.key), count: $0.value)
    }
  }

  mutating func count(_ before: BIOSCall, _ after: BIOSCall) {
    calls &+= 1
    guard after.isUnsupported else { return }
    unsupportedCalls[UInt16(before.vector) << 8 | UInt16(before.ah), default: 0] &+= 1
  }
}
