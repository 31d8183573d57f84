import CKVM
import KVM

/// Operands: where they are in memory, whether the segment allows it, and their values.
extension AssistedProcessor {
  /// The linear address of the memory operand of `size` bytes, checked against its segment.
  ///
  /// - Parameter alignment: What the address must be a multiple of, or #GP.
  func linearAddress(
    _ instruction: Instruction, size: Int, isWrite: Bool = false, alignment: UInt64 = 1
  ) throws(Interruption) -> UInt64 {
    guard let memory = instruction.memory else { throw .invalidOpcode }
    let segment =
      instruction.segmentOverride
      ?? (memory.isStackRelative && !memory.isRelative ? .ss : .ds)
    let offset = effectiveAddress(memory, instruction)
    let linear = try linearAddress(offset, in: segment, size: size, isWrite: isWrite)
    guard linear.isMultiple(of: alignment) else { throw .generalProtection() }
    // With a requirement of its own an operand is aligned here.
    if privilegeLevel == 3, special.cr0 & ControlRegister.alignmentMask != 0,
      registers.rflags & Flag.alignmentCheck != 0, size <= 8, !linear.isMultiple(of: UInt64(size))
    {
      throw .fault(Fault(.alignmentCheck, 0))
    }
    return linear
  }

  func effectiveAddress(
    _ operand: Instruction.MemoryOperand, _ instruction: Instruction
  ) -> UInt64 {
    var address = UInt64(bitPattern: operand.displacement)
    if operand.isRelative { address &+= nextInstruction(after: instruction) }
    if let base = operand.base { address &+= registers.general(base) }
    if let index = operand.index { address &+= registers.general(index) &<< operand.scale }
    return address & Self.mask(bytes: instruction.addressSize)
  }

  static func mask(bytes: Int) -> UInt64 {
    bytes >= 8 ? .max : 1 << UInt64(8 * bytes) - 1
  }

  // MARK: Segments

  func segment(_ register: Instruction.SegmentRegister) -> Segment {
    switch register {
    case .es: special.es
    case .cs: special.cs
    case .ss: special.ss
    case .ds: special.ds
    case .fs: special.fs
    case .gs: special.gs
    }
  }

  /// Intel SDM volume 3, section 6.3 and 6.5, and volume 1, section 3.3.7.1 for canonical addresses.
  private func linearAddress(
    _ offset: UInt64, in register: Instruction.SegmentRegister, size: Int, isWrite: Bool
  ) throws(Interruption) -> UInt64 {
    let segment = segment(register)
    let violation = Interruption.fault(
      Fault(register == .ss ? .stackFault : .generalProtection, mode.isReal ? nil : 0))
    if mode.bits == 64 {
      let base = register == .fs || register == .gs ? segment.base : 0
      let linear = base &+ offset
      let last = linear &+ UInt64(max(0, size - 1))
      guard isCanonical(linear), isCanonical(last) else { throw violation }
      return linear
    }
    guard segment.contains(offset, size: size),
      mode.isReal || (isWrite ? segment.isWritable : segment.isReadable)
    else { throw violation }
    return (segment.base &+ offset) & 0xFFFF_FFFF
  }

  /// Whether the upper bits of `linear` repeat its sign.
  func isCanonical(_ linear: UInt64) -> Bool {
    let unused: Int64 = special.cr4 & ControlRegister.linearAddresses57 != 0 ? 7 : 16
    let value = Int64(bitPattern: linear)
    return (value << unused) >> unused == value
  }

  // MARK: Values

  /// The integer in the operand that a register or memory holds.
  func readOperand(_ instruction: Instruction, size: Int) throws(Interruption) -> UInt64 {
    guard instruction.memory != nil else {
      return registers.general(instruction.otherRegister) & Self.mask(bytes: size)
    }
    let address = try linearAddress(instruction, size: size)
    return try guest.readInteger(size, at: address, as: privilege)
  }

  /// The bytes of an operand in memory.
  func readMemory(
    _ instruction: Instruction, size: Int, alignment: UInt64 = 1
  ) throws(Interruption) -> [UInt8] {
    let address = try linearAddress(instruction, size: size, alignment: alignment)
    return try guest.read(size, at: address, as: privilege)
  }

  /// Stores `bytes` in an operand in memory.
  func writeMemory(
    _ bytes: [UInt8], _ instruction: Instruction, alignment: UInt64 = 1
  ) throws(Interruption) {
    let address = try linearAddress(
      instruction, size: bytes.count, isWrite: true, alignment: alignment)
    try guest.write(bytes, at: address, as: privilege)
  }
}

extension Instruction.MemoryOperand {
  /// Whether the base is SP or BP, which are relative to SS.
  fileprivate var isStackRelative: Bool { base == 4 || base == 5 }
}

extension Segment {
  /// Code or data, Intel SDM volume 3, section 3.4.5.1.
  var isCode: Bool { type & 8 != 0 }

  var isReadable: Bool { unusable == 0 && (!isCode || type & 2 != 0) }

  var isWritable: Bool { unusable == 0 && !isCode && type & 2 != 0 }

  /// Whether the limit lets through `size` bytes at `offset`, outside of 64-bit mode.
  func contains(_ offset: UInt64, size: Int) -> Bool {
    guard unusable == 0 else { return false }
    let (last, overflows) = offset.addingReportingOverflow(UInt64(max(0, size - 1)))
    guard !overflows else { return false }
    let expandsDown = !isCode && type & 4 != 0
    guard expandsDown else { return last <= UInt64(limit) }
    return offset > UInt64(limit) && last <= (db != 0 ? 0xFFFF_FFFF : 0xFFFF)
  }
}
