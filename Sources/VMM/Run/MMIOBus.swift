import Devices
import KVM

/// Brings accesses to guest physical memory without RAM to their devices.
///
/// A handful of devices: a search of them costs less than the exit by three orders of magnitude. The
/// bus does not change once the machine runs.
final class MMIOBus: Sendable {
  /// A device with its first address and its size in bytes.
  typealias Claim = (start: UInt64, size: UInt64, device: any MMIODevice)

  private let claims: [Claim]

  /// - Parameter claims: Without overlaps.
  init(_ claims: [Claim] = []) {
    self.claims = claims
  }

  /// Serves one `KVM_EXIT_MMIO`.
  ///
  /// - Returns: False if no device claims the address.
  func serve(_ access: MMIO) -> Bool {
    for claim in claims where access.address &- claim.start < claim.size {
      let offset = access.address &- claim.start
      if access.isWrite {
        claim.device.write(offset: offset, size: access.length, value: load(access))
      } else {
        store(claim.device.read(offset: offset, size: access.length), to: access)
      }
      return true
    }
    return false
  }
}

/// The little-endian value of a store.
private func load(_ access: MMIO) -> UInt64 {
  var value: UInt64 = 0
  for index in (0..<access.length).reversed() {
    value = unsafe value << 8 | UInt64(access.data.load(fromByteOffset: index, as: UInt8.self))
  }
  return value
}

/// Answers a load, little endian.
private func store(_ value: UInt64, to access: MMIO) {
  for index in 0..<access.length {
    let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
    unsafe access.data.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
  }
}
