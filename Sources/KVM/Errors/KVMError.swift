public import SystemPackage

/// A failed call into KVM: what was called, why it failed, and what would help.
///
/// ```
/// KVM_CREATE_VM: Permission denied; add yourself to the group kvm
/// ```
public struct KVMError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call that failed: an ioctl's name (`"KVM_CREATE_VM"`), `"open(/dev/kvm)"` or `"mmap"`.
  public let operation: String

  /// The error number that the kernel gave, or the closest one when the check was ours.
  public let errno: Errno

  /// What was wrong, when the error number does not say it: a refused argument, a missing
  /// capability, an API version other than 12.
  public let detail: String?

  /// What the reader of the message can do about it, if anything is known.
  public let remedy: String?

  /// Describes the failure of `operation`; without a detail the usual remedy is
  /// looked up.
  public init(operation: String, errno: Errno, detail: String? = nil, remedy: String? = nil) {
    self.operation = operation
    self.errno = errno
    self.detail = detail
    // A detail says more than what is usually the matter.
    self.remedy = remedy ?? (detail == nil ? Remedy.text(operation: operation, errno: errno) : nil)
  }

  /// One sentence: operation, reason, and the remedy if there is one.
  public var description: String {
    let reason = "\(operation): \(detail ?? errno.description)"
    guard let remedy else { return reason }
    return "\(reason); \(remedy)"
  }
}

extension KVMError {
  /// The device answered `KVM_GET_API_VERSION` with something other than 12, the only version of
  /// the KVM API since Linux 2.6.22.
  static func apiVersion(_ version: Int32) -> KVMError {
    KVMError(
      operation: "KVM_GET_API_VERSION", errno: .noFunction,
      detail: "the KVM API has version \(version), not 12", remedy: "update the kernel")
  }

  /// The host lacks something that a call cannot do without.
  static func missing(_ capability: Capability, for operation: StaticString) -> KVMError {
    KVMError(
      operation: "\(operation)", errno: .notSupported,
      detail: "this host's KVM lacks \(capability)", remedy: "use a newer kernel or another host")
  }

  /// An argument that the kernel must not see, because it would do something else than asked.
  static func invalidArgument(_ operation: StaticString, _ detail: String) -> KVMError {
    KVMError(operation: "\(operation)", errno: .invalidArgument, detail: detail)
  }
}
