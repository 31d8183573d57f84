import Synchronization

/// Address line 20, which the 8042 and system control port A switch together.
///
/// The gate is kept and reported, and has no effect on memory: KVM cannot mask an address line, and
/// with it neither does QEMU. A guest that enables the line, as all do at their start, finds what
/// it expects; one that disables it to have addresses wrap at 1 MiB does not.
///
/// The line starts enabled, as firmware leaves it.
public final class A20Gate: Sendable {
  private let state = Atomic<Bool>(true)

  /// Creates the gate, enabled.
  public init() {}

  /// Whether the guest has the line enabled.
  public var isEnabled: Bool { state.load(ordering: .relaxed) }

  /// Switches the line.
  public func set(_ isEnabled: Bool) { state.store(isEnabled, ordering: .relaxed) }
}
