import CKVM
import KVM

/// The global descriptor table of the entry state: flat segments for both privilege levels and
/// every code size, so that a guest need not build one before it runs user code.
///
/// Intel SDM volume 3, section 3.4.5 (segment descriptors) and 7.2.3 (64-bit TSS descriptor).
enum DescriptorTable {
  /// One segment: its selector, without the requested privilege level, and descriptor bits.
  struct Descriptor {
    let selector: UInt16
    let privilege: UInt8
    let isCode: Bool
    let isLong: Bool

    /// The 4-bit type: accessed, writable data or readable code. KVM wants the accessed bit set
    /// in loaded segments, so it is set in the table too.
    var type: UInt8 { isCode ? 0xB : 0x3 }

    /// The 8-byte descriptor: base 0, limit 0xFFFFF pages.
    var encoded: UInt64 {
      let attributes =
        UInt64(type) | 1 << 4 | UInt64(privilege) << 5 | 1 << 7
        | UInt64(0xF) << 8 | (isLong ? 1 << 13 : 1 << 14) | 1 << 15
      return 0xFFFF | attributes << 40
    }

    /// The same segment as a vCPU has it loaded.
    var segment: Segment {
      var segment = Segment()
      segment.base = 0
      segment.limit = 0xFFFF_FFFF
      segment.selector = selector | UInt16(privilege)
      segment.type = type
      segment.present = 1
      segment.dpl = privilege
      segment.db = isLong ? 0 : 1
      segment.s = 1
      segment.l = isLong ? 1 : 0
      segment.g = 1
      return segment
    }
  }

  static let code64 = Descriptor(selector: 0x08, privilege: 0, isCode: true, isLong: true)
  static let data = Descriptor(selector: 0x10, privilege: 0, isCode: false, isLong: false)
  static let code32 = Descriptor(selector: 0x18, privilege: 0, isCode: true, isLong: false)
  static let userData = Descriptor(selector: 0x20, privilege: 3, isCode: false, isLong: false)
  static let userCode64 = Descriptor(selector: 0x28, privilege: 3, isCode: true, isLong: true)
  static let userCode32 = Descriptor(selector: 0x30, privilege: 3, isCode: true, isLong: false)

  static let taskSelector: UInt16 = 0x38

  /// Null, six segments, and the 16-byte descriptor of the task state segment.
  static let limit = UInt16(9 * 8 - 1)

  /// Writes the table. The caller has checked that RAM reaches beyond it.
  static func write(to memory: GuestMemory) {
    for descriptor in [code64, data, code32, userData, userCode64, userCode32] {
      store(descriptor.encoded, selector: descriptor.selector, to: memory)
    }
    let base = MemoryMap.taskStateSegment.rawValue
    let busyTSS: UInt64 = 0xB | 1 << 7
    store(
      UInt64(TaskStateSegment.limit) | (base & 0xFF_FFFF) << 16 | busyTSS << 40
        | (base >> 24 & 0xFF) << 56,
      selector: taskSelector, to: memory)
    store(base >> 32, selector: taskSelector + 8, to: memory)
  }

  private static func store(_ value: UInt64, selector: UInt16, to memory: GuestMemory) {
    _ = memory.store(
      value, at: GuestAddress(MemoryMap.descriptorTable.rawValue + UInt64(selector)))
  }
}

/// The task state segment of the entry state.
///
/// It exists for its I/O permission bitmap, all zero, by which code at CPL 3 may use every port,
/// and for the stack on which an exception from CPL 3 arrives. Intel SDM volume 3, section 7.7,
/// and volume 1, section 19.5.2 (the byte of ones after the bitmap).
enum TaskStateSegment {
  private static let bitmapOffset = 0x68
  private static let bitmapSize = 8192
  static let limit = UInt32(bitmapOffset + bitmapSize + 1 - 1)
  static let size = Int(limit) + 1

  static func write(to memory: GuestMemory, mode: CPUMode) {
    let base = MemoryMap.taskStateSegment.rawValue
    func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, _ offset: Int) {
      _ = memory.store(value, at: GuestAddress(base + UInt64(offset)))
    }
    // RSP0 of the 64-bit layout and ESP0 of the 32-bit one begin at the same offset; SS0 follows
    // only in the latter.
    store(UInt32(MemoryMap.stackTop.rawValue), 4)
    if mode == .protected { store(DescriptorTable.data.selector, 8) }
    store(UInt16(bitmapOffset), 0x66)
    store(UInt8.max, bitmapOffset + bitmapSize)
  }

  static var segment: Segment {
    var segment = Segment()
    segment.base = MemoryMap.taskStateSegment.rawValue
    segment.limit = limit
    segment.selector = DescriptorTable.taskSelector
    segment.type = 0xB
    segment.present = 1
    return segment
  }
}
