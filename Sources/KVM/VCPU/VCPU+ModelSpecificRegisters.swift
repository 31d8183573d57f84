import CKVM

/// A model-specific register and its value.
public struct MSR: Sendable, Hashable {
  /// The register's number: ECX of RDMSR and WRMSR.
  public var index: UInt32

  /// The 64-bit value: EDX:EAX.
  public var value: UInt64

  /// A register and its value.
  public init(index: UInt32, value: UInt64) {
    self.index = index
    self.value = value
  }
}

extension VCPU {
  /// One request takes fewer than `MAX_IO_MSRS` (256); longer lists are sent in parts.
  private static var msrBatchSize: Int { 255 }

  /// Reads registers, in the order of `indices`.
  ///
  /// The corresponding ioctl is `KVM_GET_MSRS`. See KVM API section 4.18.
  ///
  /// - Throws: ``KVMError`` naming the first register that cannot be read.
  public func readMSRs(_ indices: [UInt32]) throws(KVMError) -> [MSR] {
    var values: [MSR] = []
    values.reserveCapacity(indices.count)
    for start in stride(from: 0, to: indices.count, by: Self.msrBatchSize) {
      let batch = indices[start..<min(start + Self.msrBatchSize, indices.count)]
      let entries = try transfer(
        batch.map { kvm_msr_entry(index: $0, reserved: 0, data: 0) }, .getMSRs)
      values.append(contentsOf: entries.map { MSR(index: $0.index, value: $0.data) })
    }
    return values
  }

  /// Reads those of `indices` that this vCPU has, in their order. ``Hypervisor/msrIndexList()`` names
  /// some that depend on what ``setCPUID(_:)`` said.
  ///
  /// The corresponding ioctl is `KVM_GET_MSRS`. See KVM API section 4.18.
  public func readSupportedMSRs(_ indices: [UInt32]) throws(KVMError) -> [MSR] {
    var values: [MSR] = []
    values.reserveCapacity(indices.count)
    var start = 0
    while start < indices.count {
      let batch = indices[start..<min(start + Self.msrBatchSize, indices.count)]
      let entries = try transferSome(
        batch.map { kvm_msr_entry(index: $0, reserved: 0, data: 0) }, .getMSRs)
      values.append(contentsOf: entries.map { MSR(index: $0.index, value: $0.data) })
      // The one after those that were read is the first that cannot be.
      start += entries.count + (entries.count < batch.count ? 1 : 0)
    }
    return values
  }

  /// Writes registers in order; the ones before a refused one have been written.
  ///
  /// The corresponding ioctl is `KVM_SET_MSRS`. See KVM API section 4.19.
  ///
  /// - Throws: ``KVMError`` naming the first register that cannot be written so.
  public func writeMSRs(_ registers: [MSR]) throws(KVMError) {
    for start in stride(from: 0, to: registers.count, by: Self.msrBatchSize) {
      let batch = registers[start..<min(start + Self.msrBatchSize, registers.count)]
      _ = try transfer(
        batch.map { kvm_msr_entry(index: $0.index, reserved: 0, data: $0.value) }, .setMSRs)
    }
  }

  /// Sends one batch, and throws if a register of it is refused.
  private func transfer(
    _ entries: [kvm_msr_entry], _ request: Request
  ) throws(KVMError) -> [kvm_msr_entry] {
    let done = try transferSome(entries, request)
    guard done.count >= entries.count else {
      let index = String(entries[done.count].index, radix: 16)
      throw .invalidArgument(request.name, "MSR 0x\(index) is not supported or refuses the value")
    }
    return done
  }

  /// Sends one batch. The kernel stops at the first register it refuses and says how many it did.
  private func transferSome(
    _ entries: [kvm_msr_entry], _ request: Request
  ) throws(KVMError) -> [kvm_msr_entry] {
    var header = kvm_msrs()
    header.nmsrs = UInt32(entries.count)
    let array = unsafe FlexibleArray(header, capacity: entries.count) {
      unsafe ckvm_msr_entries($0)
    }
    array.fill(entries)
    return array.prefix(Int(try array.call(request, descriptor)))
  }
}
