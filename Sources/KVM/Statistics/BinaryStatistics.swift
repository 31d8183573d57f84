import CKVM
import Glibc
import SystemPackage

/// The kernel's counters of a virtual machine or a vCPU, such as exits and page faults.
///
/// The layout is read once; each value is then one `pread`. See KVM API section 4.133.
public struct BinaryStatistics: ~Copyable, Sendable {
  /// What a counter is, and where its values are.
  public struct Descriptor: Sendable, Hashable {
    /// The kernel's name, such as `"exits"` or `"mmu_flooded"`.
    public let name: String

    /// Whether the counter only grows, is a momentary value, a maximum, or a histogram.
    public let kind: Kind

    /// What the values count.
    public let unit: Unit

    /// The values are to be multiplied by ``radix`` to this power: -9 with 10 for nanoseconds.
    public let exponent: Int

    /// 2 or 10.
    public let radix: Int

    /// The number of values: 1, or the buckets of a histogram.
    public let valueCount: Int

    /// The width of a bucket of ``Kind/linearHistogram``.
    public let bucketSize: UInt32

    /// The position of the first value in the data block, in bytes.
    let offset: Int
  }

  /// How the values of a counter develop.
  public enum Kind: UInt32, Sendable {
    /// Only grows.
    case cumulative
    /// A momentary value.
    case instant
    /// The largest value so far.
    case peak
    /// Counts per bucket of equal width.
    case linearHistogram
    /// Counts per bucket, each twice as wide as the one before.
    case logarithmicHistogram
    /// A kind that this module does not know.
    case other = 0xFFFF_FFFF
  }

  /// What a counter counts.
  public enum Unit: UInt32, Sendable {
    /// Events.
    case none
    /// Bytes.
    case bytes
    /// Seconds, times a power of ten.
    case seconds
    /// Processor cycles.
    case cycles
    /// 0 or 1.
    case boolean
    /// A unit that this module does not know.
    case other = 0xFFFF_FFFF
  }

  /// The object's name, such as `"kvm-1234"` or `"kvm-1234/vcpu-0"`.
  public let objectName: String

  /// All counters, in the kernel's order.
  public let descriptors: [Descriptor]

  private let descriptor: Int32
  private let dataOffset: Int
  private let machine: VirtualMachineHandle

  /// Takes ownership of the descriptor, also when it throws.
  init(descriptor: Int32, machine: VirtualMachineHandle) throws(KVMError) {
    do throws(KVMError) {
      let layout = try StatisticsLayout(descriptor: descriptor)
      objectName = layout.objectName
      descriptors = layout.descriptors
      dataOffset = layout.dataOffset
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.machine = machine
  }

  deinit { close(descriptor) }

  /// The counter of that name, or nil if this kernel has none.
  public subscript(name: String) -> Descriptor? {
    descriptors.first { $0.name == name }
  }

  /// The values of a counter now: one, or a histogram's buckets.
  public func values(of counter: Descriptor) throws(KVMError) -> [UInt64] {
    let size = MemoryLayout<UInt64>.stride
    let bytes = try StatisticsLayout.read(
      descriptor, count: counter.valueCount * size, at: dataOffset + counter.offset)
    return (0..<counter.valueCount).map { index in
      unsafe bytes.withUnsafeBytes {
        unsafe $0.loadUnaligned(fromByteOffset: index * size, as: UInt64.self)
      }
    }
  }

  /// The value of a counter now (the first one of a histogram), or nil if this kernel has none of
  /// that name.
  public func value(named name: String) throws(KVMError) -> UInt64? {
    guard let counter = self[name] else { return nil }
    return try values(of: counter).first
  }
}

extension VirtualMachine {
  /// The machine's counters.
  ///
  /// The corresponding ioctl is `KVM_GET_STATS_FD`. See KVM API section 4.133.
  public func statistics() throws(KVMError) -> BinaryStatistics {
    let file = try Request.getStatisticsFD.call(descriptor)
    return try BinaryStatistics(descriptor: file, machine: handle)
  }
}

extension VCPU {
  /// The vCPU's counters.
  ///
  /// The corresponding ioctl is `KVM_GET_STATS_FD`. See KVM API section 4.133.
  public func statistics() throws(KVMError) -> BinaryStatistics {
    let file = try Request.getStatisticsFD.call(descriptor)
    return try BinaryStatistics(descriptor: file, machine: machine)
  }
}
