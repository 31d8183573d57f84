/// Takes the bytes of an instruction apart. Pure: any bytes give an instruction or a reason.
///
/// VEX, EVEX and XOP encodings are refused, as is every opcode that is not in the assist's set.
struct InstructionDecoder {
  enum Failure: Error, Equatable {
    /// More bytes are needed to tell.
    case incomplete
    /// Longer than any instruction may be: #GP.
    case tooLong
    /// Not in the set.
    case unknown
  }

  static let longestInstruction = 15

  private let bytes: [UInt8]
  private var position = 0
  private var instruction: Instruction

  /// Decodes the instruction that `bytes` begin with, and names it.
  ///
  /// - Parameter bits: The width of code: 16, 32 or 64.
  static func decode(
    _ bytes: [UInt8], bits: Int
  ) throws(Failure) -> (instruction: Instruction, mnemonic: Mnemonic) {
    var decoder = InstructionDecoder(bytes: bytes, bits: bits)
    try decoder.decode()
    guard let mnemonic = Mnemonic(decoder.instruction) else { throw .unknown }
    return (decoder.instruction, mnemonic)
  }

  private init(bytes: [UInt8], bits: Int) {
    self.bytes = bytes
    instruction = Instruction(bits: bits)
  }

  private mutating func next() throws(Failure) -> UInt8 {
    guard position < Self.longestInstruction else { throw .tooLong }
    guard position < bytes.count else { throw .incomplete }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func decode() throws(Failure) {
    try decodeOpcode(after: decodePrefixes())
    let format = OpcodeFormat(instruction.map, instruction.opcode)
    guard let format else { throw .unknown }
    if format.hasModRM { try decodeModRM() }
    if format.hasImmediate { instruction.immediate = try next() }
    instruction.length = position
  }

  /// Returns the first byte that is no prefix.
  private mutating func decodePrefixes() throws(Failure) -> UInt8 {
    while true {
      let byte = try next()
      switch byte {
      case 0x26: override(.es)
      case 0x2E: override(.cs)
      case 0x36: override(.ss)
      case 0x3E: override(.ds)
      case 0x64: instruction.segmentOverride = .fs
      case 0x65: instruction.segmentOverride = .gs
      case 0x66: instruction.hasOperandSizePrefix = true
      case 0x67: instruction.hasAddressSizePrefix = true
      case 0xF0: instruction.isLocked = true
      case 0xF2: instruction.repeatPrefix = .f2
      case 0xF3: instruction.repeatPrefix = .f3
      case 0x40...0x4F where instruction.bits == 64:
        // Only the byte right before the opcode counts.
        instruction.rex = byte
        continue
      default: return byte
      }
      instruction.rex = 0
    }
  }

  /// 64-bit code has no other overrides than FS and GS; the rest is ignored.
  private mutating func override(_ segment: Instruction.SegmentRegister) {
    if instruction.bits != 64 { instruction.segmentOverride = segment }
  }

  private mutating func decodeOpcode(after first: UInt8) throws(Failure) {
    instruction.opcode = first
    guard first == 0x0F else { return }
    instruction.map = .twoByte
    instruction.opcode = try next()
    guard instruction.opcode == 0x38 else { return }
    instruction.map = .threeByte38
    instruction.opcode = try next()
  }

  // MARK: ModR/M

  private mutating func decodeModRM() throws(Failure) {
    let modRM = try next()
    instruction.modRM = modRM
    guard modRM >> 6 != 3 else { return }
    instruction.memory =
      instruction.addressSize == 2 ? try decode16(modRM) : try decode32(modRM)
  }

  private mutating func displacement(_ size: Int) throws(Failure) -> Int64 {
    var value: UInt64 = 0
    for index in 0..<size { value |= UInt64(try next()) << UInt64(8 * index) }
    let unused = 64 - 8 * size
    return Int64(bitPattern: value << UInt64(unused)) >> Int64(unused)
  }

  private static let bases16 =
    [(3, 6), (3, 7), (5, 6), (5, 7), (nil, 6), (nil, 7), (5, nil), (3, nil)]
    as [(Int?, Int?)]

  /// Intel SDM volume 2, table 2-1.
  private mutating func decode16(_ modRM: UInt8) throws(Failure) -> Instruction.MemoryOperand {
    var operand = Instruction.MemoryOperand()
    let mode = modRM >> 6
    if mode == 0, modRM & 7 == 6 {
      operand.displacement = try displacement(2)
      return operand
    }
    (operand.base, operand.index) = Self.bases16[Int(modRM & 7)]
    if mode != 0 { operand.displacement = try displacement(Int(mode)) }
    return operand
  }

  /// Intel SDM volume 2, tables 2-2 and 2-3, and section 2.2.1.6 for RIP.
  private mutating func decode32(_ modRM: UInt8) throws(Failure) -> Instruction.MemoryOperand {
    var operand = Instruction.MemoryOperand()
    let mode = modRM >> 6
    var base = modRM & 7
    if base == 4 {
      let sib = try next()
      base = sib & 7
      operand.scale = UInt64(sib >> 6)
      let index = Int(sib >> 3 & 7) | (instruction.rex & 2 != 0 ? 8 : 0)
      operand.index = index == 4 ? nil : index
    } else if mode == 0, base == 5 {
      operand.isRelative = instruction.bits == 64
    }
    if mode == 0, base == 5 {
      operand.displacement = try displacement(4)
      return operand
    }
    operand.base = Int(base) | (instruction.rex & 1 != 0 ? 8 : 0)
    switch mode {
    case 1: operand.displacement = try displacement(1)
    case 2: operand.displacement = try displacement(4)
    default: break
    }
    return operand
  }
}
