import Glibc
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// The test runs a guest.
  static var needsKVM: Self { .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm") }
}
