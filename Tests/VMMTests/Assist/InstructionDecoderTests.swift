import TestSupport
import Testing

@testable import VMM

@Suite("Assist: decoding", .timeLimit(.minutes(5)))
struct InstructionDecoderTests {
  private func decode(
    _ bytes: [UInt8], bits: Int = 64
  ) throws -> (instruction: Instruction, mnemonic: Mnemonic) {
    try InstructionDecoder.decode(bytes, bits: bits)
  }

  private func failure(_ bytes: [UInt8], bits: Int = 64) -> InstructionDecoder.Failure? {
    do {
      _ = try InstructionDecoder.decode(bytes, bits: bits)
      return nil
    } catch {
      return error
    }
  }

  static let encodings: [(bytes: [UInt8], bits: Int, name: String)] = [
    ([0xCD, 0x80], 64, "int"), ([0xCC], 32, "int3"), ([0xF1], 64, "int1"), ([0xCE], 32, "into"),
    ([0x48, 0xCF], 64, "iret"), ([0x9B], 64, "fwait"), ([0xDB, 0xE3], 64, "fninit"),
    ([0xDB, 0xE2], 16, "fnclex"), ([0xD9, 0x3F], 32, "fnstcw"), ([0xD9, 0x2F], 32, "fldcw"),
    ([0xDF, 0xE0], 64, "fnstsw"), ([0xDD, 0x3F], 64, "fnstsw"), ([0x0F, 0x77], 64, "emms"),
    ([0xD9, 0x30], 64, "fnstenv"), ([0xD9, 0x27], 32, "fldenv"), ([0xDD, 0x37], 16, "fnsave"),
    ([0xDD, 0x27], 64, "frstor"),
    ([0x0F, 0xAE, 0x17], 64, "ldmxcsr"), ([0x0F, 0xAE, 0x1F], 64, "stmxcsr"),
    ([0x0F, 0xAE, 0x27], 64, "xsave"), ([0x0F, 0xAE, 0x2F], 64, "xrstor"),
    ([0x0F, 0xAE, 0x37], 64, "xsaveopt"), ([0x0F, 0xC7, 0x27], 64, "xsavec"),
    ([0x0F, 0x01, 0xD0], 64, "xgetbv"), ([0x0F, 0x01, 0xD1], 64, "xsetbv"),
    ([0x0F, 0x01, 0xCA], 64, "clac"), ([0x0F, 0x01, 0xCB], 64, "stac"),
    ([0xF3, 0x48, 0x0F, 0x1E, 0xCE], 64, "rdssp"), ([0x0F, 0x01, 0xF9], 64, "rdtscp"),
    ([0x66, 0x0F, 0x38, 0x82, 0x07], 64, "invpcid"),
    ([0xF3, 0x48, 0x0F, 0xB8, 0xC1], 64, "popcnt"), ([0xF2, 0x0F, 0x38, 0xF1, 0xC1], 64, "crc32"),
    ([0x48, 0x0F, 0xC7, 0x0F], 64, "cmpxchg16b"), ([0x0F, 0xAE, 0x3F], 64, "clflush"),
    ([0x66, 0x0F, 0xAE, 0x3F], 64, "clflushopt"), ([0x66, 0x0F, 0xAE, 0x37], 64, "clwb"),
    ([0x0F, 0x00, 0xE0], 64, "verr"), ([0x0F, 0x00, 0xE8], 64, "verw"),
    ([0x0F, 0x02, 0xC1], 64, "lar"), ([0x0F, 0x03, 0xC1], 64, "lsl"), ([0x27], 32, "daa"),
    ([0x2F], 16, "das"), ([0x37], 32, "aaa"), ([0x3F], 32, "aas"), ([0xD4, 0x0A], 16, "aam"),
    ([0xD5, 0x0A], 16, "aad"), ([0x66, 0x0F, 0x6E, 0xC1], 64, "movd"),
    ([0x66, 0x48, 0x0F, 0x6E, 0xC1], 64, "movq"), ([0xF3, 0x0F, 0x7E, 0xC1], 64, "movq"),
    ([0x66, 0x0F, 0xD6, 0xC1], 64, "movq"), ([0xF3, 0x0F, 0x10, 0xC1], 64, "movss"),
    ([0xF2, 0x0F, 0x11, 0xC1], 64, "movsd"), ([0x0F, 0x12, 0xC1], 64, "movhlps"),
    ([0x0F, 0x16, 0x01], 64, "movhps"), ([0x66, 0x0F, 0xEF, 0xC1], 64, "pxor"),
    ([0x0F, 0x57, 0xC0], 64, "xorps"), ([0x66, 0x0F, 0x70, 0xC1, 0x1B], 64, "pshufd"),
    ([0xDD, 0x00], 16, "fld"), ([0xDB, 0x28], 64, "fld"), ([0xDC, 0xE9], 32, "fsub"),
    ([0xD9, 0xFE], 16, "fsin"), ([0xDF, 0x3E, 0x34, 0x12], 16, "fistp"),
    ([0xDA, 0xE9], 64, "fucompp"),
    ([0xF2, 0x48, 0x0F, 0x2A, 0xC1], 64, "cvtsi2sd"),
    ([0x66, 0xF3, 0x0F, 0x58, 0xC1], 64, "addss"),
    ([0x66, 0x0F, 0x73, 0xD9, 0x04], 64, "psrldq"), ([0x0F, 0xD8, 0xC1], 64, "psubusb"),
    ([0x0F, 0xC2, 0xC1, 0x07], 64, "cmpps"), ([0x0F, 0xC5, 0xC1, 0x02], 64, "pextrw"),
  ]

  @Test("encodings of the manual", arguments: encodings)
  func names(bytes: [UInt8], bits: Int, name: String) throws {
    let (instruction, mnemonic) = try decode(bytes + [0x90, 0x90], bits: bits)
    #expect(mnemonic.name == name)
    #expect(instruction.length == bytes.count)
  }

  @Test("what is not in the set, or not in this mode, is unknown")
  func unknown() {
    #expect(failure([0x90]) == .unknown)
    #expect(failure([0x27]) == .unknown)
    #expect(failure([0xCE]) == .unknown)
    #expect(failure([0xD9, 0xD1]) == .unknown)  // beside fnop
    #expect(failure([0x0F, 0xF7, 0xC1]) == .unknown)  // maskmovq
    #expect(failure([0xF2, 0x0F, 0x12, 0xC1]) == .unknown)  // movddup
    #expect(failure([0xC5, 0xF8, 0x77]) == .unknown)  // vzeroupper
    #expect(failure([0xF3, 0x0F, 0xBC, 0xC1]) == .unknown)  // tzcnt
    #expect(failure([0x0F, 0xC7, 0x0F]) == .unknown)  // cmpxchg8b
    #expect(failure([0x0F, 0xAE, 0xD7]) == .unknown)  // wrfsbase is F3; without it nothing
  }

  @Test("more bytes are asked for, and not more than 15")
  func lengths() {
    #expect(failure([]) == .incomplete)
    #expect(failure([0xCD]) == .incomplete)
    #expect(failure([0x66, 0x0F]) == .incomplete)
    #expect(failure([0x0F, 0xAE, 0x94, 0x25, 0, 0, 0]) == .incomplete)
    #expect(failure([UInt8](repeating: 0x66, count: 15)) == .tooLong)
    #expect(failure([UInt8](repeating: 0x66, count: 13) + [0xCD, 0x80]) == nil)
    #expect(failure([UInt8](repeating: 0x66, count: 14) + [0xCD, 0x80]) == .tooLong)
  }

  @Test("REX counts only right before the opcode")
  func rex() throws {
    #expect(try decode([0x48, 0xF3, 0x0F, 0xB8, 0xC1]).instruction.operandSize == 4)
    let wide = try decode([0xF3, 0x4D, 0x0F, 0xB8, 0xC1]).instruction
    #expect(wide.operandSize == 8)
    #expect(wide.register == 8)
    #expect(wide.otherRegister == 9)
    // In 32-bit code it is an instruction of its own.
    #expect(failure([0x48, 0x9B], bits: 32) == .unknown)
  }

  @Test("addressing modes of 64-bit code")
  func addresses() throws {
    func operand(_ bytes: [UInt8]) throws -> Instruction.MemoryOperand? {
      try decode([0x0F, 0xAE] + bytes).instruction.memory
    }
    #expect(try operand([0x17]) == .init(base: 7))
    #expect(try operand([0x57, 0x80]) == .init(base: 7, displacement: -128))
    #expect(try operand([0x97, 0, 0, 0, 0x80]) == .init(base: 7, displacement: -0x8000_0000))
    #expect(try operand([0x15, 4, 0, 0, 0]) == .init(displacement: 4, isRelative: true))
    #expect(try operand([0x14, 0x25, 8, 0, 0, 0]) == .init(displacement: 8))
    #expect(try operand([0x14, 0x24]) == .init(base: 4))
    #expect(
      try operand([0x54, 0xCB, 0x10]) == .init(base: 3, index: 1, scale: 3, displacement: 16))
    let extended = try decode([0x43, 0x0F, 0xAE, 0x14, 0xA1]).instruction.memory
    #expect(extended == .init(base: 9, index: 12, scale: 2))
  }

  @Test("addressing modes of 16-bit code")
  func addresses16() throws {
    func operand(_ bytes: [UInt8]) throws -> Instruction.MemoryOperand? {
      try decode([0xD9] + bytes, bits: 16).instruction.memory
    }
    #expect(try operand([0x28]) == .init(base: 3, index: 6))
    #expect(try operand([0x2E, 0x34, 0x12]) == .init(displacement: 0x1234))
    #expect(try operand([0x6E, 0xFF]) == .init(base: 5, displacement: -1))
    #expect(try operand([0xAF, 0x00, 0x80]) == .init(base: 3, displacement: -0x8000))
    // 67 makes them 32-bit ones.
    #expect(try decode([0x67, 0xD9, 0x28], bits: 16).instruction.memory == .init(base: 0))
  }

  @Test("no bytes are too much: an instruction is what its own bytes say, all of them")
  func random() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SplitMix64(seed: seed)
    // Prefixes and escapes are frequent, or nearly nothing would be in the set.
    let frequent: [UInt8] = [0x66, 0xF2, 0xF3, 0x0F, 0x0F, 0x0F, 0x38, 0x48, 0xAE, 0xD9, 0xCD]
    var known = 0
    for _ in 0..<200_000 {
      let bytes = (0..<Int.random(in: 0...17, using: &generator)).map { _ in
        Bool.random(using: &generator)
          ? frequent.randomElement(using: &generator) ?? 0
          : UInt8.random(in: 0...255, using: &generator)
      }
      let bits = [16, 32, 64].randomElement(using: &generator) ?? 64
      guard let found = try? InstructionDecoder.decode(bytes, bits: bits) else { continue }
      known += 1
      let length = found.instruction.length
      let own = try? InstructionDecoder.decode(Array(bytes.prefix(length)), bits: bits)
      #expect(own?.instruction == found.instruction, "seed \(seed)")
      #expect((1...15).contains(length), "seed \(seed)")
      #expect(failure(Array(bytes.prefix(length - 1)), bits: bits) == .incomplete, "seed \(seed)")
    }
    #expect(known > 1000, "seed \(seed)")
  }
}
