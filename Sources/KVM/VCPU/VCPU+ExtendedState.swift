public import CKVM

/// The x87 and SSE registers.
public typealias FPUState = kvm_fpu

/// The extended control registers; XCR0 is the one that exists.
public typealias ExtendedControlRegisters = kvm_xcrs

/// The XSAVE area of a vCPU: x87, SSE, AVX and later state in the processor's standard format.
public struct XSAVEArea: Sendable, Equatable {
  /// The area in 32-bit words: 1024, or more with dynamically enabled features.
  public var words: [UInt32]

  /// An area of the given words.
  public init(words: [UInt32]) { self.words = words }
}

extension VCPU {
  /// The x87 and SSE registers. The kernel leaves out `mxcsr`; ``xsave()`` has it.
  ///
  /// The corresponding ioctl is `KVM_GET_FPU`. See KVM API section 4.22.
  public func fpu() throws(KVMError) -> FPUState {
    try Request.getFPU.get(descriptor, kvm_fpu())
  }

  /// Sets the x87 and SSE registers. The kernel ignores `mxcsr`; ``setXSAVE(_:)`` sets it.
  ///
  /// The corresponding ioctl is `KVM_SET_FPU`. See KVM API section 4.23.
  public func setFPU(_ state: FPUState) throws(KVMError) {
    try Request.setFPU.call(descriptor, passing: state)
  }

  /// The XSAVE area, of the size that ``Capability/xsave2`` tells, or 4096 bytes.
  ///
  /// The corresponding ioctl is `KVM_GET_XSAVE2`, or `KVM_GET_XSAVE` on kernels before 5.17. See
  /// KVM API sections 4.134 and 4.42.
  public func xsave() throws(KVMError) -> XSAVEArea {
    let size = machine.checkExtension(.xsave2)
    let request = size > 0 ? Request.getXSAVE2 : .getXSAVE
    var words = [UInt32](repeating: 0, count: Self.xsaveWordCount(size))
    let result = unsafe words.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress.map { unsafe ckvm_ioctl_pointer(descriptor, request.code, $0) }
    }
    try request.check(result ?? 0)
    return XSAVEArea(words: words)
  }

  /// Sets the XSAVE area; a shorter one is filled up with zeros.
  ///
  /// The corresponding ioctl is `KVM_SET_XSAVE`. See KVM API section 4.43.
  public func setXSAVE(_ area: XSAVEArea) throws(KVMError) {
    var words = area.words
    let needed = Self.xsaveWordCount(machine.checkExtension(.xsave2))
    if words.count < needed {
      words.append(contentsOf: repeatElement(0, count: needed - words.count))
    }
    let result = unsafe words.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress.map { unsafe ckvm_ioctl_pointer(descriptor, CKVM_SET_XSAVE, $0) }
    }
    try Request.setXSAVE.check(result ?? 0)
  }

  /// The extended control registers.
  ///
  /// The corresponding ioctl is `KVM_GET_XCRS`. See KVM API section 4.44.
  public func xcrs() throws(KVMError) -> ExtendedControlRegisters {
    try Request.getXCRs.get(descriptor, kvm_xcrs())
  }

  /// Sets the extended control registers.
  ///
  /// The corresponding ioctl is `KVM_SET_XCRS`. See KVM API section 4.45.
  public func setXCRs(_ registers: ExtendedControlRegisters) throws(KVMError) {
    try Request.setXCRs.call(descriptor, passing: registers)
  }

  /// The kernel reads and writes at least the 4096 bytes of the first `kvm_xsave`.
  private static func xsaveWordCount(_ byteCount: Int) -> Int { max(4096, byteCount) / 4 }
}
