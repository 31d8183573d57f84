import TestSupport
import Testing

@testable import KVM

/// What the host offers, for `.enabled(if:)`.
enum Host {
  /// Whether KVM is there and has a capability.
  static func has(_ capability: Capability) -> Bool {
    value(capability) > 0
  }

  /// A capability's value, as a virtual machine gives it; 0 without KVM.
  static func value(_ capability: Capability) -> Int {
    guard let hypervisor = try? Hypervisor(), let machine = try? hypervisor.makeVirtualMachine()
    else { return 0 }
    return machine.checkExtension(capability)
  }
}

extension Trait where Self == ConditionTrait {
  /// The test runs a guest.
  static var needsKVM: Self { .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm") }

  /// The test needs an optional feature of KVM.
  static func needs(_ capability: Capability) -> Self {
    .enabled(if: Host.has(capability), "needs \(capability)")
  }
}
