import CKVM
import KVM

/// A descriptor table in the guest's memory, in numbers: the GDT or the IDT.
public struct DescriptorTableSummary: Equatable, Sendable {
  /// The linear address.
  public let base: UInt64
  /// The last byte's offset.
  public let limit: UInt16
  /// Whole entries up to the limit.
  public let count: Int
  /// How many of them could be read: the rest is not mapped, or not RAM.
  public let readable: Int
  /// How many of those are present.
  public let present: Int
}

extension DescriptorTableSummary {
  /// Reads the table that GDTR names. Intel SDM volume 3, section 3.4.5.
  init(gdt table: kvm_dtable, in memory: LinearMemory) {
    let bytes = memory.read((Int(table.limit) + 1) / 8 * 8, at: table.base)
    let descriptors = (0..<bytes.count / 8).map {
      SegmentDescriptor(rawValue: bytes.dropFirst($0 * 8).littleEndian)
    }
    base = table.base
    limit = table.limit
    count = (Int(table.limit) + 1) / 8
    readable = descriptors.count
    present = descriptors.count(where: \.isPresent)
  }
}

/// The interrupt descriptor table: what is in it for the exceptions.
public struct InterruptTableSummary: Equatable, Sendable {
  /// An entry that is present.
  public struct Gate: Equatable, Sendable {
    public let selector: UInt16
    public let offset: UInt64
  }

  public let table: DescriptorTableSummary
  /// The present gates of the 32 exceptions, by vector. nil: not present, beyond the limit, or not
  /// readable.
  public let exceptions: [Gate?]
  /// Whether these are the far pointers of real mode, which are always present.
  public let isVectorTable: Bool

  /// Reads the table that IDTR names. Intel SDM volume 3, section 7.11 and 7.14.1, and 22.1.4 for
  /// real mode.
  init(_ table: kvm_dtable, _ mode: ExecutionMode, isLongMode: Bool, in memory: LinearMemory) {
    isVectorTable = mode.isReal
    let size = isVectorTable ? 4 : isLongMode ? 16 : 8
    let count = min(256, (Int(table.limit) + 1) / size)
    let bytes = memory.read(count * size, at: table.base)
    let gates = (0..<bytes.count / size).map { index in
      Self.gate(in: bytes[(index * size)..<((index + 1) * size)])
    }
    self.table = DescriptorTableSummary(
      base: table.base, limit: table.limit, count: count, readable: gates.count,
      present: gates.count { $0 != nil })
    exceptions = Array((gates + Array(repeating: nil, count: 32)).prefix(32))
  }

  private static func gate(in entry: ArraySlice<UInt8>) -> Gate? {
    guard entry.count > 4 else {
      let pointer = entry.littleEndian
      return Gate(selector: UInt16(pointer >> 16), offset: pointer & 0xFFFF)
    }
    let descriptor = GateDescriptor(entry)
    guard descriptor.isPresent else { return nil }
    return Gate(selector: descriptor.selector.rawValue, offset: descriptor.offset)
  }
}
