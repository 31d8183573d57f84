/// An instruction that the host's processor executes for a guest.
///
/// What it executes is never the guest's code. The set has code of its own for each of them, whose
/// operands are always in the same places, and the guest's are copied there and back.
struct HostInstruction: Sendable {
  /// Its number in the set.
  struct ID: Hashable, Sendable {
    let rawValue: Int

    var name: String { HostInstructionSet.shared[self].name }
  }

  enum RegisterFile: Sendable {
    case general, mmx, xmm
  }

  let name: String
  /// Of the register that ModR/M bits 3 to 5 name: RAX, MM0 or XMM0 in the code. nil for the x87, which
  /// has code for each of its registers.
  var register: RegisterFile?
  /// Of the register that ModR/M bits 0 to 2 name: RCX, MM1 or XMM1 in the code.
  var other: RegisterFile?
  /// Bytes of the operand in memory, which is at RSI in the code.
  var size = 0
  /// Whether the operand in memory must be aligned to its size.
  var isAligned = false
  /// Whether the operand of ModR/M bits 0 to 2 is the target.
  var isStore = false
  /// Whether bits 0 to 2 name the target and bits 3 to 5 belong to the opcode: shifts by an immediate,
  /// which is the operand in memory in the code.
  var isShift = false
  /// Whether there is code for every value of the immediate.
  var hasImmediate = false
  /// Where its code is, or the first of 256.
  var number = 0

  var usesMMX: Bool { register == .mmx || other == .mmx }

  var usesXMM: Bool { register == .xmm || other == .xmm }
}

/// The instructions that the host's processor executes for guests, and their code.
struct HostInstructionSet: Sendable {
  /// Made for the first guest that needs it.
  static let shared = HostInstructionSet()

  /// What an instruction is found by.
  struct Key: Hashable {
    let map: Instruction.OpcodeMap
    var prefix = Instruction.MandatoryPrefix.none
    let opcode: UInt8
    /// What ModR/M adds to the opcode: on x87 registers all of it, otherwise bits 3 to 5 at most.
    var selector: UInt8 = 0
    let isRegister: Bool
    /// REX.W, where it counts.
    var isWide = false
  }

  private(set) var instructions: [HostInstruction] = []
  private var found: [Key: HostInstruction.ID] = [:]
  /// nil if the host lets no memory become executable.
  private(set) var code: HostCode?

  private init() {
    var code: [[UInt8]] = []
    addX87(&code)
    addVectors(&code)
    self.code = HostCode(code)
  }

  /// - Parameter alternatives: The instruction's code, for each value of the immediate.
  mutating func add(
    _ instruction: HostInstruction, _ key: Key, _ alternatives: [[UInt8]], to code: inout [[UInt8]]
  ) {
    var instruction = instruction
    instruction.number = code.count
    found[key] = HostInstruction.ID(rawValue: instructions.count)
    instructions.append(instruction)
    code += alternatives
  }

  subscript(id: HostInstruction.ID) -> HostInstruction { instructions[id.rawValue] }

  /// nil for what is not in the set.
  subscript(instruction: Instruction) -> HostInstruction.ID? {
    let isRegister = instruction.memory == nil
    guard instruction.map == .twoByte else {
      let selector = isRegister ? instruction.modRM ?? 0 : instruction.opcodeExtension
      return found[
        Key(
          map: instruction.map, opcode: instruction.opcode, selector: selector,
          isRegister: isRegister)]
    }
    var key = Key(
      map: .twoByte, prefix: instruction.mandatoryPrefix, opcode: instruction.opcode,
      selector: (0x71...0x73).contains(instruction.opcode) ? instruction.opcodeExtension : 0,
      isRegister: isRegister, isWide: instruction.isWide)
    if let wide = found[key] { return wide }
    key.isWide = false
    return found[key]
  }
}
