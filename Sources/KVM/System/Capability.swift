import CKVM

/// An optional feature of KVM, asked for with ``Hypervisor/checkExtension(_:)`` or
/// ``VirtualMachine/checkExtension(_:)``.
///
/// The constants are the ones that mean something on x86-64; any other is
/// `Capability(rawValue:)`. See KVM API section 4.4, and sections 6 to 8 for each capability.
public struct Capability: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The number behind the `KVM_CAP_` constant.
  public let rawValue: UInt32

  /// The capability with the number `rawValue`, known or not.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The kernel's name (`"KVM_CAP_IRQCHIP"`), or `"KVM_CAP_"` and the number if it has none here.
  public var description: String {
    for (capability, name) in Self.names where capability == self { return "\(name)" }
    return "KVM_CAP_\(rawValue)"
  }

  /// Every capability that has a name here, in the order of their numbers.
  public static var allKnown: [Capability] { names.map(\.0) }
}
