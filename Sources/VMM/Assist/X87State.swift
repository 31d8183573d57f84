import CKVM
import KVM

/// The x87's state in memory: FNSTENV and FNSAVE, FLDENV and FRSTOR. Intel SDM volume 2.
extension AssistedProcessor {
  mutating func executeX87State(
    _ instruction: Instruction, _ mnemonic: Mnemonic
  ) throws(Interruption) {
    try requireX87()
    guard var state = extended else { throw .unsupported }
    let layout = X87Environment.Layout(isWide: instruction.operandSize > 2, isReal: mode.isReal)
    switch mnemonic {
    case .fnstenv:
      try writeMemory(X87Environment(state).bytes(layout), instruction)
      state.control |= ExtendedState.exceptions
      state.updateErrorSummary()
    case .fnsave:
      try writeMemory(X87Environment(state).bytes(layout) + state.stackBytes, instruction)
      state.initializeX87()
    case .fldenv:
      try raisePending(state)
      X87Environment(try readMemory(instruction, size: layout.size), layout).load(&state)
    default:
      try raisePending(state)
      let bytes = try readMemory(instruction, size: layout.size + ExtendedState.stackSize)
      X87Environment(bytes, layout).load(&state)
      for index in 0..<8 {
        state.setST(index, Array(bytes[(layout.size + 10 * index)...].prefix(10)))
      }
    }
    extended = state
  }
}

/// What FNSTENV stores: all of the x87 but its data registers. Of the last instruction and operand it
/// has the offsets, without the selectors, for which KVM has no place.
struct X87Environment {
  /// Intel SDM volume 1, figures 8-9 to 8-12.
  struct Layout {
    /// Whether by the operand size its words have 32 bits.
    let isWide: Bool
    /// In real mode addresses have no selectors, and their upper bits share words with the opcode.
    let isReal: Bool

    /// Bytes.
    var size: Int { 7 * wordSize }

    fileprivate var wordSize: Int { isWide ? 4 : 2 }
  }

  private var control: UInt16
  private var status: UInt16
  /// Two bits for each physical register: ``Tag``.
  private var tags: UInt16
  private var pointers: ExtendedState.Pointers

  private enum Tag {
    static let (valid, zero, special, empty): (UInt16, UInt16, UInt16, UInt16) = (0, 1, 2, 3)
  }

  /// As FNSTENV finds it.
  init(_ state: ExtendedState) {
    control = state.control
    status = state.status
    pointers = state.pointers
    tags = 0
    for register in 0..<8 {
      let isEmpty = state.tags >> register & 1 == 0
      let tag = isEmpty ? Tag.empty : Self.tag(state.st(register &- state.top))
      tags |= tag << (2 * UInt16(register))
    }
  }

  private static func tag(_ value: (significand: UInt64, exponent: UInt16)) -> UInt16 {
    switch value.exponent & 0x7FFF {
    case 0: value.significand == 0 ? Tag.zero : Tag.special
    case 0x7FFF: Tag.special
    default: value.significand >> 63 != 0 ? Tag.valid : Tag.special
    }
  }

  /// As FLDENV puts it into `state`. The registers' contents decide over their tags but for empty ones.
  func load(_ state: inout ExtendedState) {
    state.top = Int(status >> 11 & 7)
    state.control = ExtendedState.valid(control: control)
    state.status = status
    state.tags = (0..<8).reduce(0) { found, register in
      tags >> (2 * UInt16(register)) & 3 == Tag.empty ? found : found | 1 << register
    }
    state.pointers = pointers
    state.updateErrorSummary()
  }

  // MARK: In memory

  /// Reads what ``bytes(_:)`` wrote.
  init(_ bytes: [UInt8], _ layout: Layout) {
    let size = layout.wordSize
    let words = (0..<7).map { bytes.dropFirst($0 * size).prefix(size).littleEndian }
    control = UInt16(truncatingIfNeeded: words[0])
    status = UInt16(truncatingIfNeeded: words[1])
    tags = UInt16(truncatingIfNeeded: words[2])
    pointers = ExtendedState.Pointers(opcode: 0, instruction: words[3], operand: words[5])
    if layout.isReal {
      pointers.opcode = UInt16(words[4] & 0x7FF)
      pointers.instruction = words[3] & 0xFFFF | (words[4] & 0x0FFF_F000) << 4
      pointers.operand = words[5] & 0xFFFF | (words[6] & 0x0FFF_F000) << 4
    } else if layout.isWide {
      pointers.opcode = UInt16(words[4] >> 16 & 0x7FF)
    }
  }

  func bytes(_ layout: Layout) -> [UInt8] {
    let (instruction, operand) = (pointers.instruction, pointers.operand)
    let reserved: UInt64 = 0xFFFF_0000
    let opcode = UInt64(pointers.opcode)
    let addresses: [UInt64] =
      if layout.isReal {
        [
          reserved | instruction & 0xFFFF, instruction >> 4 & 0x0FFF_F000 | opcode,
          reserved | operand & 0xFFFF, operand >> 4 & 0x0FFF_F000,
        ]
      } else {
        [instruction, layout.isWide ? opcode << 16 : 0, operand, layout.isWide ? reserved : 0]
      }
    let words = [control, status, tags].map { reserved | UInt64($0) } + addresses
    return words.flatMap { $0.littleEndianBytes(layout.wordSize) }
  }
}

extension ExtendedState {
  /// Bytes of the data registers behind the environment.
  fileprivate static let stackSize = 80

  fileprivate var stackBytes: [UInt8] {
    (0..<8).flatMap { index in
      let (significand, exponent) = st(index)
      return significand.littleEndianBytes(8) + UInt64(exponent).littleEndianBytes(2)
    }
  }
}
