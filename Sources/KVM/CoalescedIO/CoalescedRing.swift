public import CKVM
import Glibc
import SystemPackage

/// A write that KVM collected.
public struct CoalescedWrite: Sendable, Hashable {
  /// The port or the guest physical address.
  public let address: UInt64

  /// Whether ``address`` is a port.
  public let isPortIO: Bool

  /// The number of bytes, 1 to 8.
  public let length: Int

  /// The bytes, little-endian; those past ``length`` are 0.
  public let value: UInt64

  @inlinable
  init(_ entry: kvm_coalesced_mmio) {
    address = entry.phys_addr
    isPortIO = entry.pio != 0
    length = Int(min(entry.len, 8))
    let bytes = unsafe unsafeBitCast(entry.data, to: UInt64.self)
    value = length == 8 ? bytes : bytes & ((1 << UInt64(length &* 8)) &- 1)
  }
}

/// The ring of collected writes, one per virtual machine. See KVM API section 4.116.
///
/// The ring is shared by all vCPUs; make one of these for the machine, and drain it from one thread
/// at a time.
@safe
public struct CoalescedRing: ~Copyable, @unchecked Sendable {
  @usableFromInline let ring: UnsafeMutablePointer<kvm_coalesced_mmio_ring>
  let machine: VirtualMachineHandle

  /// How many writes fit, one less than the number of entries: a full ring would look empty.
  public static var capacity: Int { entryCount - 1 }

  /// The entries that fit into a page after the two indices (`KVM_COALESCED_MMIO_MAX`).
  @usableFromInline static var entryCount: Int {
    (MemorySlot.pageSize - MemoryLayout<kvm_coalesced_mmio_ring>.size)
      / MemoryLayout<kvm_coalesced_mmio>.stride
  }

  init(vcpu: Int32, page: Int, machine: VirtualMachineHandle) throws(KVMError) {
    var mapping: UnsafeMutableRawPointer?
    let size = MemorySlot.pageSize
    let result = unsafe ckvm_map_shared(vcpu, size, page * size, &mapping)
    guard result == 0, let mapping = unsafe mapping else {
      throw KVMError(operation: "mmap", errno: Errno(rawValue: 0 &- result))
    }
    unsafe self.init(mapping: mapping, machine: machine)
  }

  /// Takes ownership of the mapping of one page.
  @unsafe
  init(mapping: UnsafeMutableRawPointer, machine: VirtualMachineHandle) {
    unsafe ring = mapping.bindMemory(to: kvm_coalesced_mmio_ring.self, capacity: 1)
    self.machine = machine
  }

  deinit {
    unsafe munmap(ring, MemorySlot.pageSize)
  }

  /// Whether no write waits to be drained.
  @inlinable
  public var isEmpty: Bool {
    unsafe ckvm_load_acquire(ckvm_ring_last(ring)) == ckvm_load_acquire(ckvm_ring_first(ring))
  }

  /// Takes the collected writes out of the ring, in the guest's order.
  ///
  /// A write stays in the ring until `body` has returned or thrown, so that ``isEmpty`` tells other
  /// threads that everything collected before has been dealt with.
  ///
  /// - Returns: How many writes there were.
  @inlinable
  @discardableResult
  public mutating func drain<Failure: Error>(
    _ body: (CoalescedWrite) throws(Failure) -> Void
  ) throws(Failure) -> Int {
    let count = UInt32(truncatingIfNeeded: Self.entryCount)
    // The page is writable for this process only, but a wrong index must not become a wild read.
    var first = unsafe ckvm_load_acquire(ckvm_ring_first(ring)) % count
    // Acquire: the entries before `last` are complete. Read once, so that a busy guest cannot keep
    // the caller here.
    let last = unsafe ckvm_load_acquire(ckvm_ring_last(ring)) % count
    var drained = 0
    while first != last {
      let write = unsafe CoalescedWrite(ckvm_coalesced_entries(ring)[Int(first)])
      first = (first &+ 1) % count
      drained &+= 1
      defer { unsafe ckvm_store_release(ckvm_ring_first(ring), first) }
      try body(write)
    }
    return drained
  }
}

extension VCPU {
  /// Maps the machine's ring of collected writes, which every vCPU's descriptor gives access to.
  ///
  /// The corresponding call is `mmap` at the page that `KVM_CAP_COALESCED_MMIO` tells. See KVM API
  /// section 4.116.
  public func makeCoalescedRing() throws(KVMError) -> CoalescedRing {
    let page = machine.checkExtension(.coalescedMMIO)
    guard page > 0 else { throw .missing(.coalescedMMIO, for: "mmap") }
    return try CoalescedRing(vcpu: descriptor, page: page, machine: machine)
  }
}
