import Glibc

/// Whether the host can run guests at all.
public enum KVMAvailability {
  /// Whether there is a hypervisor device. One that is there and cannot be used is a failure, not a
  /// reason to skip.
  public static let isPresent = unsafe access("/dev/kvm", F_OK) == 0
}
