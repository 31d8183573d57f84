import CKVM
import KVM

extension AssistedProcessor {
  /// Where an interrupt's frame goes.
  struct Stack {
    var segment: Segment
    var pointer: UInt64
    /// Whether it comes from the TSS because the privilege level changes.
    var isNew = false
  }

  /// The stack for a handler at `level`: the one in use, or what the TSS says.
  func stack(
    for gate: InterruptGate, _ level: UInt8, _ external: UInt32
  ) throws(Interruption) -> Stack {
    let isNew = level < privilegeLevel
    guard isNew || gate.stackIndex > 0 else {
      return Stack(segment: special.ss, pointer: registers.rsp)
    }
    guard isLongModeActive else { return try protectedModeStack(level, external) }
    // RSP0 to RSP2, and IST1 to IST7. Intel SDM volume 3, figure 9-11.
    let offset = gate.stackIndex > 0 ? 0x1C + 8 * gate.stackIndex : 4 + 8 * Int(level)
    let pointer = try taskState(at: offset, size: 8, external)
    return Stack(
      segment: isNew ? Self.nullStackSegment(level) : special.ss,
      pointer: pointer, isNew: isNew)
  }

  /// A word of the current TSS.
  private func taskState(
    at offset: Int, size: Int, _ external: UInt32
  ) throws(Interruption) -> UInt64 {
    guard UInt64(offset + size - 1) <= UInt64(special.tr.limit) else {
      throw .fault(
        Fault(.invalidTSS, Selector(special.tr.selector).errorCode | external))
    }
    return try guest.readInteger(size, at: special.tr.base &+ UInt64(offset), as: .system)
  }

  /// What long mode leaves in SS for a handler of an inner level: the null selector with its level.
  private static func nullStackSegment(_ level: UInt8) -> Segment {
    // Writable data, as KVM wants a loaded SS to be.
    SegmentDescriptor(rawValue: 0x00CF_9300_0000_FFFF | UInt64(level) << 45)
      .segment(selector: UInt16(level))
  }

  /// Intel SDM volume 2, "INT n", INTER-PRIVILEGE-LEVEL-INTERRUPT.
  private func protectedModeStack(
    _ level: UInt8, _ external: UInt32
  ) throws(Interruption) -> Stack {
    // Of a 32-bit TSS, or of a 16-bit one.
    let is32Bit = special.tr.type & 8 != 0
    let size = is32Bit ? 4 : 2
    let offset = is32Bit ? 4 + 8 * Int(level) : 2 + 4 * Int(level)
    let selector = Selector(
      UInt16(
        truncatingIfNeeded: try taskState(at: offset + size, size: 2, external)))
    let pointer = try taskState(at: offset, size: size, external)
    guard !selector.isNull else { throw .fault(Fault(.invalidTSS, external)) }
    let errorCode = selector.errorCode | external
    guard let descriptor = try descriptor(selector),
      selector.requestedPrivilegeLevel == level, descriptor.privilegeLevel == level,
      descriptor.isWritableData
    else { throw .fault(Fault(.invalidTSS, errorCode)) }
    guard descriptor.isPresent else { throw .stackFault(errorCode) }
    try markAccessed(descriptor, selector)
    return Stack(
      segment: descriptor.segment(selector: selector.rawValue), pointer: pointer, isNew: true)
  }
}
