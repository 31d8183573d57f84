import Glibc
import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
  /// The test runs a guest.
  static var needsKVM: Self { .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm") }
}

extension Trait where Self == TimeLimitTrait {
  /// A child that hangs is found by ``ChildProcess`` itself, after less than a minute. The clock of
  /// this limit also runs while a test waits for a thread that the tests of all modules share.
  static var generousTimeLimit: Self { .timeLimit(.minutes(5)) }
}
