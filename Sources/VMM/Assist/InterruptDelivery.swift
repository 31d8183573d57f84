import CKVM
import KVM

/// INT n, INT3, INTO and INT1 through the guest's IDT. Intel SDM volume 2, "INT n", and volume 3,
/// sections 7.12 and 7.14.
extension AssistedProcessor {
  /// - Parameter next: The address behind the instruction.
  mutating func executeInterrupt(
    _ instruction: Instruction, _ mnemonic: Mnemonic, next: UInt64
  ) throws(Interruption) {
    guard !mode.isReal, special.cr4 & ControlRegister.controlFlowEnforcement == 0 else {
      throw .unsupported
    }
    switch mnemonic {
    case .int: try deliver(instruction.immediate, returningTo: next)
    case .int3: try deliver(ProcessorException.breakpoint.rawValue, returningTo: next)
    case .int1:
      try deliver(ProcessorException.debug.rawValue, returningTo: next, isSoftware: false)
    case .into:
      if registers.rflags & Flag.overflow != 0 {
        try deliver(ProcessorException.overflow.rawValue, returningTo: next)
      } else {
        registers.rip = next
      }
    default: try returnFromInterrupt(instruction)
    }
  }

  /// - Parameter isSoftware: Whether the gate must let the CPL through. INT1 counts as an external
  ///   event, which needs no right, and whose error codes say so.
  private mutating func deliver(
    _ vector: UInt8, returningTo next: UInt64, isSoftware: Bool = true
  ) throws(Interruption) {
    let external: UInt32 = isSoftware ? 0 : 1
    let errorCode = UInt32(vector) << 3 | 2 | external
    let gate = try gate(vector, errorCode)
    guard !isSoftware || gate.privilegeLevel >= privilegeLevel else {
      throw .generalProtection(errorCode)
    }
    guard gate.isPresent else { throw .fault(Fault(.segmentNotPresent, errorCode)) }

    let handler = try handler(gate, external)
    let level = handler.isConforming ? privilegeLevel : handler.privilegeLevel
    let stack = try stack(for: gate, level, external)
    if isLongModeActive {
      guard isCanonical(gate.offset) else { throw .generalProtection(external) }
    } else {
      guard gate.offset <= UInt64(handler.limit) else { throw .generalProtection(external) }
    }
    try markAccessed(handler, gate.selector)
    try push(frame(gate, next, hasStack: stack.isNew || isLongModeActive), on: stack, level, gate)

    special.cs = handler.segment(
      selector: gate.selector.with(requestedPrivilegeLevel: level).rawValue)
    special.ss = stack.segment
    registers.rip = gate.offset
    registers.rflags &= ~(Flag.trap | Flag.nestedTask | Flag.resume | Flag.virtual8086)
    if !gate.isTrap { registers.rflags &= ~Flag.interrupt }
  }

  private func gate(
    _ vector: UInt8, _ errorCode: UInt32
  ) throws(Interruption) -> InterruptGate {
    let size = isLongModeActive ? 16 : 8
    let offset = UInt64(vector) * UInt64(size)
    guard offset + UInt64(size) - 1 <= UInt64(special.idt.limit) else {
      throw .generalProtection(errorCode)
    }
    let entry = GateDescriptor(
      try guest.read(size, at: special.idt.base &+ offset, as: .system))
    guard !entry.isTaskGate else { throw .unsupported }
    guard let gate = InterruptGate(entry) else { throw .generalProtection(errorCode) }
    return gate
  }

  /// The code segment of the gate's handler.
  private func handler(
    _ gate: InterruptGate, _ external: UInt32
  ) throws(Interruption) -> SegmentDescriptor {
    guard !gate.selector.isNull else { throw .generalProtection(external) }
    let errorCode = gate.selector.errorCode | external
    guard let handler = try descriptor(gate.selector), handler.isCode,
      handler.privilegeLevel <= privilegeLevel,
      !isLongModeActive || handler.isLong && !handler.isBig
    else { throw .generalProtection(errorCode) }
    guard handler.isPresent else { throw .fault(Fault(.segmentNotPresent, errorCode)) }
    return handler
  }

  /// What is pushed, from the lowest address on.
  private func frame(_ gate: InterruptGate, _ next: UInt64, hasStack: Bool) -> [UInt8] {
    var words = [next, UInt64(special.cs.selector), registers.rflags]
    if hasStack { words += [registers.rsp, UInt64(special.ss.selector)] }
    return words.flatMap { $0.littleEndianBytes(gate.wordSize) }
  }

  private mutating func push(
    _ frame: [UInt8], on stack: Stack, _ level: UInt8, _ gate: InterruptGate
  ) throws(Interruption) {
    let privilege: GuestAccess.Privilege = level == 3 ? .user : .supervisor
    guard !isLongModeActive else {
      // The frame is aligned, whatever RSP was.
      let pointer = (stack.pointer & ~0xF) &- UInt64(frame.count)
      guard isCanonical(pointer), isCanonical(stack.pointer) else { throw .stackFault() }
      try guest.write(frame, at: pointer, as: privilege)
      registers.rsp = pointer
      return
    }
    let mask: UInt64 = stack.segment.db != 0 ? 0xFFFF_FFFF : 0xFFFF
    let pointer = (stack.pointer &- UInt64(frame.count)) & mask
    guard stack.segment.contains(pointer, size: frame.count) else {
      throw .stackFault(stack.isNew ? UInt32(stack.segment.selector & ~3) : 0)
    }
    try guest.write(
      frame, at: (stack.segment.base &+ pointer) & 0xFFFF_FFFF, as: privilege)
    registers.rsp = stack.pointer & ~mask & 0xFFFF_FFFF | pointer
  }
}
