package import CKVM
package import KVM

/// The loop for a benchmark in another module, which would not get a specialised one by itself.
extension ExitLoop {
  /// ``run(_:)`` as a machine's thread calls it.
  package func run(vcpu: borrowing VCPU) throws(KVMError) -> VCPUExit {
    try run(vcpu)
  }

  /// ``run(_:)`` with `enter` in the place of `KVM_RUN`: what is left is user space's part.
  ///
  /// - Parameters:
  ///   - page: What `enter` fills in as the kernel would; its data lies behind it.
  ///   - enter: Returns as `KVM_RUN` does.
  @unsafe
  package func run(
    page: UnsafeMutablePointer<kvm_run>,
    enter: @convention(c) (UnsafeMutablePointer<kvm_run>) -> Int32
  ) throws(KVMError) -> VCPUExit {
    try run(unsafe StubbedVCPU(page: page, enter: enter))
  }
}

/// A run page with no kernel behind it.
@safe
private struct StubbedVCPU: ExitSource, ~Copyable {
  let page: UnsafeMutablePointer<kvm_run>
  let enter: @convention(c) (UnsafeMutablePointer<kvm_run>) -> Int32

  func run() throws(KVMError) -> VCPUExit {
    guard unsafe enter(page) >= 0 else { return .interrupted }
    return unsafe VCPUExit(decoding: page)
  }
}
