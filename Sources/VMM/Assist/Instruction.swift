/// One instruction, taken apart. Intel SDM volume 2, chapter 2.
struct Instruction: Equatable {
  /// Which table the opcode is from.
  enum OpcodeMap: Equatable {
    case oneByte
    /// After 0F.
    case twoByte
    /// After 0F 38.
    case threeByte38
  }

  /// A segment register, numbered as instructions do.
  enum SegmentRegister: UInt8, Equatable {
    case es, cs, ss, ds, fs, gs
  }

  /// The last one of F2 and F3, which decides.
  enum RepeatPrefix: Equatable {
    case none, f2, f3
  }

  /// The prefix that chooses among the instructions of one opcode. Intel SDM volume 2, section 2.1.2.
  enum MandatoryPrefix: CaseIterable {
    case none, p66, pF3, pF2

    var bytes: [UInt8] {
      switch self {
      case .none: []
      case .p66: [0x66]
      case .pF3: [0xF3]
      case .pF2: [0xF2]
      }
    }
  }

  /// An operand in memory before the registers are added.
  struct MemoryOperand: Equatable {
    /// General registers; nil for none.
    var base: Int?
    var index: Int?
    var scale: UInt64 = 0
    /// Sign-extended.
    var displacement: Int64 = 0
    /// Whether the base is the address of the next instruction.
    var isRelative = false
  }

  /// The width of code here: 16, 32 or 64.
  let bits: Int
  var hasOperandSizePrefix = false
  var hasAddressSizePrefix = false
  var isLocked = false
  var repeatPrefix = RepeatPrefix.none
  var segmentOverride: SegmentRegister?
  /// 0 without the prefix.
  var rex: UInt8 = 0
  var map = OpcodeMap.oneByte
  var opcode: UInt8 = 0
  /// The ModR/M byte; nil if the instruction has none.
  var modRM: UInt8?
  /// nil if there is no ModR/M byte, or if it names a register.
  var memory: MemoryOperand?
  var immediate: UInt8 = 0
  var length = 0

  init(bits: Int) { self.bits = bits }

  /// REX.W.
  var isWide: Bool { rex & 8 != 0 }

  var mandatoryPrefix: MandatoryPrefix {
    switch repeatPrefix {
    case .f3: .pF3
    case .f2: .pF2
    case .none: hasOperandSizePrefix ? .p66 : .none
    }
  }

  /// Bytes of an integer operand, unless the opcode says otherwise.
  var operandSize: Int {
    if isWide { return 8 }
    return (bits == 16) == hasOperandSizePrefix ? 4 : 2
  }

  /// Bytes of an effective address.
  var addressSize: Int {
    switch bits {
    case 64: hasAddressSizePrefix ? 4 : 8
    default: (bits == 16) == hasAddressSizePrefix ? 4 : 2
    }
  }

  /// ModR/M bits 3 to 5, without REX.R: the opcode's extension.
  var opcodeExtension: UInt8 { (modRM ?? 0) >> 3 & 7 }

  /// The register of ModR/M bits 3 to 5.
  var register: Int { Int(opcodeExtension) | (rex & 4 != 0 ? 8 : 0) }

  /// The register of ModR/M bits 0 to 2, if there is no operand in memory.
  var otherRegister: Int { Int((modRM ?? 0) & 7) | (rex & 1 != 0 ? 8 : 0) }
}
