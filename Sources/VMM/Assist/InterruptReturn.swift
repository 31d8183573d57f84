import CKVM
import KVM

/// IRET, IRETD and IRETQ. Intel SDM volume 2.
extension AssistedProcessor {
  /// What lies on the stack.
  private struct Frame {
    var pointer: UInt64
    var codeSelector: Selector
    var flags: UInt64
    /// nil if the return stays at its level, outside of 64-bit mode.
    var stack: (pointer: UInt64, selector: Selector)?
  }

  mutating func returnFromInterrupt(_ instruction: Instruction) throws(Interruption) {
    let size = instruction.operandSize
    if registers.rflags & Flag.nestedTask != 0 {
      // The return to another task is left out; long mode has none.
      throw isLongModeActive ? .generalProtection() : .unsupported
    }
    let isFrom64Bit = mode.bits == 64
    var frame = try popFrame(size, hasStack: isFrom64Bit)
    let level = frame.codeSelector.requestedPrivilegeLevel
    let code = try returnSegment(frame.codeSelector)
    if !isLongModeActive, frame.flags & Flag.virtual8086 != 0, size == 4, privilegeLevel == 0 {
      throw .unsupported
    }
    let isOuter = level > privilegeLevel
    if isOuter, !isFrom64Bit { frame = try popFrame(size, hasStack: true) }

    if isLongModeActive, code.isLong {
      guard isCanonical(frame.pointer) else { throw .generalProtection() }
    } else {
      frame.pointer &= 0xFFFF_FFFF
      guard frame.pointer <= UInt64(code.limit) else { throw .generalProtection() }
    }
    // The level before the return decides, which the stack segment is about to change.
    loadFlags(frame.flags, size)
    if let stack = frame.stack {
      try loadStack(stack, level, isTo64Bit: isLongModeActive && code.isLong)
    } else {
      setStackPointer(registers.rsp &+ UInt64(3 * size))
    }
    try markAccessed(code, frame.codeSelector)
    special.cs = code.segment(selector: frame.codeSelector.rawValue)
    if code.isConforming { special.cs.dpl = level }
    registers.rip = frame.pointer
    if isOuter { dropInnerSegments(level) }
    unblocksNMI = true
  }

  private func popFrame(_ size: Int, hasStack: Bool) throws(Interruption) -> Frame {
    let count = hasStack ? 5 : 3
    let bytes = try readStack(count * size)
    let words = (0..<count).map { bytes[($0 * size)..<(($0 + 1) * size)].littleEndian }
    func selector(_ index: Int) -> Selector { Selector(UInt16(truncatingIfNeeded: words[index])) }
    return Frame(
      pointer: words[0], codeSelector: selector(1), flags: words[2],
      stack: hasStack ? (words[3], selector(4)) : nil)
  }

  private func readStack(_ count: Int) throws(Interruption) -> [UInt8] {
    if mode.bits == 64 {
      guard isCanonical(registers.rsp) else { throw .stackFault() }
      return try guest.read(count, at: registers.rsp, as: privilege)
    }
    let pointer = registers.rsp & (special.ss.db != 0 ? 0xFFFF_FFFF : 0xFFFF)
    guard special.ss.contains(pointer, size: count) else { throw .stackFault() }
    return try guest.read(
      count, at: (special.ss.base &+ pointer) & 0xFFFF_FFFF, as: privilege)
  }

  /// The descriptor of the code to return to.
  private func returnSegment(_ selector: Selector) throws(Interruption) -> SegmentDescriptor {
    guard !selector.isNull else { throw .generalProtection() }
    let level = selector.requestedPrivilegeLevel
    guard let code = try descriptor(selector), code.isCode, level >= privilegeLevel,
      code.isConforming ? code.privilegeLevel <= level : code.privilegeLevel == level,
      !(isLongModeActive && code.isLong && code.isBig)
    else { throw .generalProtection(selector.errorCode) }
    guard code.isPresent else {
      throw .fault(Fault(.segmentNotPresent, selector.errorCode))
    }
    return code
  }

  private mutating func loadStack(
    _ stack: (pointer: UInt64, selector: Selector), _ level: UInt8, isTo64Bit: Bool
  ) throws(Interruption) {
    let selector = stack.selector
    if selector.isNull {
      guard isTo64Bit, level < 3, selector.requestedPrivilegeLevel == level else {
        throw .generalProtection()
      }
      special.ss = Self.nullSegment
      special.ss.selector = selector.rawValue
      special.ss.dpl = level
      registers.rsp = stack.pointer
      return
    }
    guard let descriptor = try descriptor(selector),
      selector.requestedPrivilegeLevel == level, descriptor.privilegeLevel == level,
      descriptor.isWritableData
    else { throw .generalProtection(selector.errorCode) }
    guard descriptor.isPresent else { throw .stackFault(selector.errorCode) }
    try markAccessed(descriptor, selector)
    special.ss = descriptor.segment(selector: selector.rawValue)
    if isTo64Bit {
      registers.rsp = stack.pointer
    } else {
      setStackPointer(stack.pointer)
    }
  }

  /// As wide as SS has it.
  private mutating func setStackPointer(_ pointer: UInt64) {
    registers.rsp =
      special.ss.db != 0
      ? pointer & 0xFFFF_FFFF : registers.rsp & ~0xFFFF | pointer & 0xFFFF
  }

  /// CPL and IOPL before the return decide which flags change.
  private mutating func loadFlags(_ flags: UInt64, _ size: Int) {
    var changed =
      Flag.arithmetic | Flag.trap | Flag.direction | Flag.nestedTask
    if size > 2 { changed |= Flag.resume | Flag.alignmentCheck | Flag.identification }
    if UInt64(privilegeLevel) <= (registers.rflags & Flag.privilegeLevel) >> 12 {
      changed |= Flag.interrupt
    }
    if privilegeLevel == 0 {
      changed |= Flag.privilegeLevel
      if size > 2 { changed |= Flag.virtualInterrupts }
    }
    registers.rflags = registers.rflags & ~changed | flags & changed
  }

  // MARK: Segments of an inner level

  /// An unusable segment.
  private static var nullSegment: Segment {
    var segment = Segment()
    segment.unusable = 1
    return segment
  }

  /// What code at `level` may not keep is made null.
  private mutating func dropInnerSegments(_ level: UInt8) {
    special.es = Self.kept(special.es, level)
    special.ds = Self.kept(special.ds, level)
    special.fs = Self.kept(special.fs, level)
    special.gs = Self.kept(special.gs, level)
  }

  private static func kept(_ segment: Segment, _ level: UInt8) -> Segment {
    let isConformingCode = segment.type & 0xC == 0xC
    guard segment.unusable == 0, segment.dpl < level, !isConformingCode else { return segment }
    return nullSegment
  }
}
