import CKVM

/// A hypercall that ``Capability/exitOnHypercall`` made an exit: `KVM_EXIT_HYPERCALL`.
///
/// The result goes into `hypercall.ret` of ``VCPU/runPage``.
public struct Hypercall: Sendable {
  /// The hypercall's number: RAX.
  public let number: UInt64

  /// RBX, RCX, RDX and RSI, and two that x86 does not use.
  public let arguments: InlineArray<6, UInt64>

  /// Whether the guest was in 64-bit mode.
  public let isLongMode: Bool

  @unsafe
  init(decoding run: UnsafeMutablePointer<kvm_run>) {
    let hypercall = unsafe run.pointee.hypercall
    number = hypercall.nr
    let words = hypercall.args
    arguments = [words.0, words.1, words.2, words.3, words.4, words.5]
    isLongMode = hypercall.longmode != 0
  }
}
