import KVM

/// The last accesses of one vCPU that left the guest: a fixed ring, written by the vCPU's thread.
///
/// An access costs three stores: what is expensive, such as taking the value apart, waits until
/// somebody reads.
@safe
package final class ExitHistory: @unchecked Sendable {
  /// How many accesses are remembered; a power of two.
  static let capacity = 32

  /// One access, packed into 16 bytes.
  private struct Entry {
    /// The first eight bytes of data, of which the access's size says how many count.
    var data: UInt64 = 0
    /// The address, and in the bits that no guest physical address has the size and the kind.
    var place: UInt64 = 0
  }

  private static let sizeShift: UInt64 = 52
  private static let kindShift: UInt64 = 56
  private static let addressMask: UInt64 = 1 << sizeShift - 1
  /// A port has 16 bits; the count of a string instruction lies above it.
  private static let countShift: UInt64 = 16

  private let entries: UnsafeMutablePointer<Entry>
  /// Accesses so far. Behind a pointer, as a variable of a class would be checked for exclusive
  /// access each time.
  private let total: UnsafeMutablePointer<Int>

  package init() {
    unsafe entries = .allocate(capacity: Self.capacity)
    unsafe entries.initialize(repeating: Entry(), count: Self.capacity)
    unsafe total = .allocate(capacity: 1)
    unsafe total.initialize(to: 0)
  }

  deinit {
    unsafe entries.deallocate()
    unsafe total.deallocate()
  }

  /// Remembers a port access that has been served: an `in` has its value.
  @inline(__always)
  func record(_ access: PortIO) {
    let kind: ExitRecord.Kind = access.direction == .in ? .in : .out
    let count = UInt64(UInt32(truncatingIfNeeded: access.count))
    // The kernel's data page is longer than any access, so eight bytes can be read.
    append(
      data: unsafe access.data.loadUnaligned(as: UInt64.self),
      address: UInt64(access.port) | count &<< Self.countShift, size: access.size, kind)
  }

  /// Remembers a memory access that has been served.
  @inline(__always)
  func record(_ access: MMIO) {
    // `kvm_run.mmio.data` has eight bytes.
    append(
      data: unsafe access.data.loadUnaligned(as: UInt64.self),
      address: access.address & Self.addressMask, size: access.length,
      access.isWrite ? .store : .load)
  }

  @inline(__always)
  private func append(data: UInt64, address: UInt64, size: Int, _ kind: ExitRecord.Kind) {
    let place =
      address | UInt64(truncatingIfNeeded: size) &<< Self.sizeShift
      | UInt64(kind.rawValue) &<< Self.kindShift
    let index = unsafe total.pointee
    unsafe entries[index & (Self.capacity - 1)] = Entry(data: data, place: place)
    unsafe total.pointee = index &+ 1
  }

  /// The accesses, the oldest first. Only for the vCPU's thread, or when it has ended.
  var records: [ExitRecord] {
    let total = unsafe total.pointee
    return (max(0, total &- Self.capacity)..<total).compactMap { index in
      let entry = unsafe entries[index & (Self.capacity - 1)]
      guard let kind = ExitRecord.Kind(rawValue: UInt8(truncatingIfNeeded: entry.place >> 56))
      else { return nil }
      let size = Int(entry.place >> Self.sizeShift & 0xF)
      let place = entry.place & Self.addressMask
      let isPort = kind == .in || kind == .out
      return ExitRecord(
        kind: kind, address: isPort ? place & 0xFFFF : place, size: size,
        count: isPort ? Int(place >> Self.countShift) : 1,
        value: size < 8 ? entry.data & (1 << (8 * UInt64(size)) - 1) : entry.data)
    }
  }
}

/// One access of a guest to a device or to nothing.
public struct ExitRecord: Hashable, Sendable {
  /// Which instruction made it.
  public enum Kind: UInt8, Sendable {
    /// IN or INS.
    case `in` = 1
    /// OUT or OUTS.
    case out
    /// A load from an address without memory.
    case load
    /// A store to one.
    case store
  }

  public let kind: Kind
  /// The port, or the guest physical address.
  public let address: UInt64
  /// Bytes of one element: 1, 2 or 4 at a port, 1 to 8 in memory.
  public let size: Int
  /// Elements of a string instruction; 1 otherwise.
  public let count: Int
  /// What was written, or what the guest got; of several elements the first.
  public let value: UInt64
}
