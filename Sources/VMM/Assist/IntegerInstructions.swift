import CKVM
import KVM

/// POPCNT, CRC32, CMPXCHG16B. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeInteger(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    switch mnemonic {
    case .popcnt: try countBits(instruction)
    case .crc32: try accumulateCRC(instruction)
    default: try compareAndExchange16(instruction)
    }
  }

  private mutating func countBits(_ instruction: Instruction) throws(Interruption) {
    guard features.popcnt else { throw .invalidOpcode }
    let size = instruction.operandSize
    let value = try readOperand(instruction, size: size)
    registers.setGeneral(instruction.register, UInt64(value.nonzeroBitCount), size: size)
    registers.rflags &= ~Flag.arithmetic
    if value == 0 { registers.rflags |= Flag.zero }
  }

  /// 0x11EDC6F41, reflected.
  private static let crc32cPolynomial: UInt64 = 0x82F6_3B78

  private mutating func accumulateCRC(_ instruction: Instruction) throws(Interruption) {
    guard features.crc32 else { throw .invalidOpcode }
    let size = instruction.opcode == 0xF0 ? 1 : instruction.operandSize
    let value =
      if size == 1, instruction.memory == nil {
        byteRegister(instruction)
      } else {
        try readOperand(instruction, size: size)
      }
    var crc = registers.general(instruction.register) & 0xFFFF_FFFF
    for byte in value.littleEndianBytes(size) {
      crc ^= UInt64(byte)
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ Self.crc32cPolynomial : crc >> 1 }
    }
    registers.setGeneral(
      instruction.register, crc, size: instruction.isWide ? 8 : 4)
  }

  /// An 8-bit register; 4 to 7 are AH, CH, DH and BH unless there is a REX prefix.
  private func byteRegister(_ instruction: Instruction) -> UInt64 {
    let number = instruction.otherRegister
    let isHigh = instruction.rex == 0 && number >= 4
    return (isHigh ? registers.general(number - 4) >> 8 : registers.general(number)) & 0xFF
  }

  private mutating func compareAndExchange16(_ instruction: Instruction) throws(Interruption) {
    guard features.cmpxchg16b else { throw .invalidOpcode }
    let linear = try linearAddress(instruction, size: 16, isWrite: true, alignment: 16)
    let expected = Vector128(low: registers.rax, high: registers.rdx)
    let desired = Vector128(low: registers.rbx, high: registers.rcx)
    let found = try guest.compareExchange(expected, desired, at: linear, as: privilege)
    if found == expected {
      registers.rflags |= Flag.zero
    } else {
      registers.rflags &= ~Flag.zero
      registers.rax = found.low
      registers.rdx = found.high
    }
  }
}
