import CKVM

/// A RDMSR or WRMSR left to user space: `KVM_EXIT_X86_RDMSR` and `KVM_EXIT_X86_WRMSR`.
///
/// Needs ``Capability/userSpaceMSR`` enabled with the reasons to exit for. Unless completed, the
/// access succeeds with what the run page holds.
@safe
public struct MSRAccess: @unchecked Sendable {
  /// Why the access was left to user space: `KVM_MSR_EXIT_REASON_` bits.
  public struct Reason: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// A reason from its bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The access is invalid, such as reserved bits set.
    public static let invalid = Reason(rawValue: UInt32(KVM_MSR_EXIT_REASON_INVAL))

    /// KVM does not know the register.
    public static let unknown = Reason(rawValue: UInt32(KVM_MSR_EXIT_REASON_UNKNOWN))

    /// The filter of ``VirtualMachine/setMSRFilter(_:defaultAllow:)`` denies the access.
    public static let filter = Reason(rawValue: UInt32(KVM_MSR_EXIT_REASON_FILTER))
  }

  /// The register's number.
  public let index: UInt32

  /// Why the access was left to user space.
  public let reason: Reason

  /// The value that the guest writes; meaningless for a read.
  public let value: UInt64

  private let run: UnsafeMutablePointer<kvm_run>

  @unsafe
  init(decoding run: UnsafeMutablePointer<kvm_run>) {
    let msr = unsafe run.pointee.msr
    index = msr.index
    reason = Reason(rawValue: msr.reason)
    value = msr.data
    unsafe self.run = run
  }

  /// Lets the access succeed at the next ``VCPU/run()``; a read returns `value`.
  ///
  /// To be called before the next run, while the vCPU exists.
  @unsafe
  public func succeed(value: UInt64 = 0) {
    unsafe run.pointee.msr.error = 0
    unsafe run.pointee.msr.data = value
  }

  /// Lets the access raise #GP in the guest at the next ``VCPU/run()``.
  ///
  /// To be called before the next run, while the vCPU exists.
  @unsafe
  public func fail() {
    unsafe run.pointee.msr.error = 1
  }
}
