import Synchronization

/// QEMU's `pvpanic`: a guest tells that its kernel has panicked.
///
/// After QEMU's `docs/specs/pvpanic.rst`, on the ISA bus. Reading the port says which events the
/// device understands, writing it reports events; other bits are ignored.
public final class PVPanic: PortIODevice {
  /// The one port.
  public static let ports: ClosedRange<UInt16> = 0x505...0x505

  /// The bits of the port.
  public struct Events: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The guest's kernel panicked, and nothing in the guest takes care of it.
    public static let panicked = Events(rawValue: 1 << 0)
    /// The guest's kernel panicked, and its crash kernel takes over.
    public static let crashLoaded = Events(rawValue: 1 << 1)
  }

  /// What reading the port gives.
  public static let capabilities: Events = [.panicked, .crashLoaded]

  private let onPanic: @Sendable () -> Void
  private let crashLoaded = Atomic<UInt64>(0)

  /// Creates the device.
  ///
  /// - Parameter onPanic: Called for each ``Events/panicked``, on the thread of the virtual CPU that
  ///   reports it; it must not block.
  public init(onPanic: @escaping @Sendable () -> Void) {
    self.onPanic = onPanic
  }

  /// How often the guest has reported ``Events/crashLoaded``, which needs nothing done.
  public var crashLoadedCount: UInt64 { crashLoaded.load(ordering: .relaxed) }

  /// Reads ``capabilities``, and 0xFF in the other bytes of a wide access.
  public func read(port: UInt16, size: Int) -> UInt32 {
    0xFFFF_FF00 | UInt32(Self.capabilities.rawValue)
  }

  /// Reports events; the other bytes of a wide access belong to other ports.
  public func write(port: UInt16, size: Int, value: UInt32) {
    let events = Events(rawValue: UInt8(truncatingIfNeeded: value))
    if events.contains(.crashLoaded) { crashLoaded.wrappingAdd(1, ordering: .relaxed) }
    if events.contains(.panicked) { onPanic() }
  }
}
