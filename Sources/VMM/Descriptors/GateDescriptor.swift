/// An entry of the IDT in protected or long mode: 8 or 16 bytes.
///
/// Intel SDM volume 3, sections 7.11 and 7.14.1.
struct GateDescriptor: Equatable {
  /// The first eight bytes.
  let low: UInt64
  /// The second eight bytes, which entries have in long mode; nil outside of it.
  let high: UInt64?

  /// - Parameter entry: All bytes of it.
  init(_ entry: some BidirectionalCollection<UInt8>) {
    low = entry.littleEndian
    high = entry.count > 8 ? entry.dropFirst(8).littleEndian : nil
  }

  /// Five bits: the highest, which is 1 for a segment, is 0 for a gate.
  var type: UInt8 { UInt8(low >> 40 & 0x1F) }
  var privilegeLevel: UInt8 { UInt8(low >> 45 & 3) }
  var isPresent: Bool { low >> 47 & 1 != 0 }
  var selector: Selector { Selector(UInt16(truncatingIfNeeded: low >> 16)) }
  var offset: UInt64 { low & 0xFFFF | (low >> 48) << 16 | (high ?? 0) << 32 }
  /// Entry of the interrupt stack table, 1 to 7; 0 for none, and outside of long mode.
  var stackIndex: Int { high == nil ? 0 : Int(low >> 32 & 7) }
  /// Whether it switches to another task, which only protected mode can.
  var isTaskGate: Bool { type == 0x5 && high == nil }
}
