import CKVM

/// A range of MSRs and which accesses of the guest a filter allows.
public struct MSRFilterRange: Sendable {
  /// Which accesses a range is about.
  public struct Access: OptionSet, Sendable {
    /// The `KVM_MSR_FILTER_` bits.
    public let rawValue: UInt32

    /// Accesses from their bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// RDMSR.
    public static let read = Access(rawValue: UInt32(KVM_MSR_FILTER_READ))

    /// WRMSR.
    public static let write = Access(rawValue: UInt32(KVM_MSR_FILTER_WRITE))
  }

  /// Which accesses the range is about; others follow the filter's default.
  public var access: Access

  /// The first register.
  public var base: UInt32

  /// For each register from ``base`` on, whether the access is allowed.
  public var allowed: [Bool]

  /// A range of `allowed.count` registers.
  public init(access: Access, base: UInt32, allowed: [Bool]) {
    self.access = access
    self.base = base
    self.allowed = allowed
  }
}

extension VirtualMachine {
  /// Says which MSRs the guest may access. A denied access raises #GP, or is an exit if
  /// ``Capability/userSpaceMSR`` is enabled with ``MSRAccess/Reason/filter``.
  ///
  /// The corresponding ioctl is `KVM_X86_SET_MSR_FILTER`. See KVM API section 4.97.
  ///
  /// - Parameters:
  ///   - ranges: At most 16.
  ///   - defaultAllow: What holds outside the ranges.
  public func setMSRFilter(_ ranges: [MSRFilterRange], defaultAllow: Bool) throws(KVMError) {
    let operation: StaticString = "KVM_X86_SET_MSR_FILTER"
    let limit = Int(KVM_MSR_FILTER_MAX_RANGES)
    guard ranges.count <= limit else {
      throw .invalidArgument(operation, "\(ranges.count) ranges are more than \(limit)")
    }
    var filter = kvm_msr_filter()
    filter.flags = UInt32(
      defaultAllow ? KVM_MSR_FILTER_DEFAULT_ALLOW : KVM_MSR_FILTER_DEFAULT_DENY)

    // The bitmaps of all ranges lie in one block that outlives the call.
    let offsets = ranges.reduce(into: [0]) {
      $0.append($0[$0.count - 1] + ($1.allowed.count + 7) / 8)
    }
    var bitmaps = [UInt8](repeating: 0, count: offsets[ranges.count])
    for (range, offset) in zip(ranges, offsets) {
      for (register, isAllowed) in range.allowed.enumerated() where isAllowed {
        bitmaps[offset + register / 8] |= 1 << UInt8(register % 8)
      }
    }
    let result = unsafe bitmaps.withUnsafeMutableBufferPointer { block in
      unsafe withUnsafeMutableBytes(of: &filter.ranges) { bytes in
        let entries = unsafe bytes.bindMemory(to: kvm_msr_filter_range.self)
        for (index, range) in ranges.enumerated() {
          unsafe entries[index].flags = range.access.rawValue
          unsafe entries[index].base = range.base
          unsafe entries[index].nmsrs = UInt32(clamping: range.allowed.count)
          unsafe entries[index].bitmap = block.baseAddress.map { unsafe $0 + offsets[index] }
        }
      }
      return unsafe ckvm_ioctl_pointer(descriptor, CKVM_X86_SET_MSR_FILTER, &filter)
    }
    try Request.setMSRFilter.check(result)
  }
}
