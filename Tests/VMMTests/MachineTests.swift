import TestSupport
import Testing

/// Everything that runs guests. One machine at a time, because some of these tests look at all the
/// threads of the process.
@Suite(
  .serialized, .timeLimit(.minutes(5)),
  .enabled(if: KVMAvailability.isPresent, "needs /dev/kvm"))
enum MachineTests {}
