public import CKVM

/// An access to a guest physical address that no memory slot answers: `KVM_EXIT_MMIO`.
///
/// Wider accesses arrive as several exits. The guest sees the data of a read at the next
/// ``VCPU/run()``.
@safe
public struct MMIO: @unchecked Sendable {
  /// The guest physical address.
  public let address: UInt64

  /// Whether the guest writes.
  public let isWrite: Bool

  /// The number of bytes, 1 to 8.
  public let length: Int

  /// `length` bytes in the run page, little-endian; valid until the next ``VCPU/run()``.
  @unsafe public let data: UnsafeMutableRawPointer

  @inlinable
  @unsafe
  init(decoding run: UnsafeMutablePointer<kvm_run>) {
    let mmio = unsafe run.pointee.mmio
    address = mmio.phys_addr
    isWrite = mmio.is_write != 0
    length = Int(min(mmio.len, 8))
    unsafe data = ckvm_mmio_data(run)
  }

  /// The bytes, valid until the next ``VCPU/run()``.
  @inlinable
  @unsafe
  public var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: data, count: length)
  }
}
