public import CKVM

/// An access to an I/O port: `KVM_EXIT_IO`.
///
/// `count` elements of `size` bytes each (more than one only for INS and OUTS with a REP prefix),
/// all for the same port. The guest sees the data of an `in` at the next ``VCPU/run()``.
@safe
public struct PortIO: @unchecked Sendable {
  /// Which way the data goes.
  public enum Direction: UInt8, Sendable {
    /// From the device to the guest: IN and INS.
    case `in` = 0
    /// From the guest to the device: OUT and OUTS.
    case out = 1
  }

  /// The port.
  public let port: UInt16

  /// Which way the data goes.
  public let direction: Direction

  /// The size of one element in bytes: 1, 2 or 4.
  public let size: Int

  /// How many elements.
  public let count: Int

  /// `size * count` bytes in the run page, little-endian; valid until the next ``VCPU/run()``.
  @unsafe public let data: UnsafeMutableRawPointer

  @inlinable
  @unsafe
  init(decoding run: UnsafeMutablePointer<kvm_run>) {
    let io = unsafe run.pointee.io
    port = io.port
    direction = io.direction == UInt8(KVM_EXIT_IO_OUT) ? .out : .in
    size = Int(io.size)
    count = Int(io.count)
    unsafe data = ckvm_io_data(run)
  }

  /// The bytes of all elements, valid until the next ``VCPU/run()``.
  @inlinable
  @unsafe
  public var bytes: UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: data, count: size &* count)
  }
}
