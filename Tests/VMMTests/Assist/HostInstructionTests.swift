import Glibc
import KVM
import Testing

@testable import VMM

/// What instructions that the host's processor executes do. The guest `assist` compares each of them with
/// native execution, too.
@Suite("Assist: instructions of the host's processor", .timeLimit(.minutes(5)))
struct HostInstructionTests {
  private static let (fld0, fld1): ([UInt8], [UInt8]) = ([0xDD, 0x06], [0xDD, 0x46, 0x08])

  /// ST0 after loads of both `operands`, the second one last, and `code`.
  private func x87(
    _ code: [UInt8], _ operands: [Double], control: UInt16 = 0x37F
  ) throws -> Float80 {
    var guest = try AssistGuest(operands, control: control)
    if operands.count > 1 { try guest.run(Self.fld1) }
    if operands.count > 0 { try guest.run(Self.fld0) }
    try guest.run(code)
    return guest.st(0)
  }

  // MARK: x87

  @Test("x87 arithmetic, as wide as the control word has it")
  func arithmetic() throws {
    let pairs = [(1.5, 2.25), (1, 3), (-7.125, 0.1), (1e150, 3e-100), (2, -0.7)]
    for (a, b) in pairs {
      let (x, y) = (Float80(a), Float80(b))
      #expect(try x87([0xD8, 0xC1], [a, b]) == x + y)
      #expect(try x87([0xD8, 0xC9], [a, b]) == x * y)
      #expect(try x87([0xD8, 0xE1], [a, b]) == x - y)
      #expect(try x87([0xD8, 0xE9], [a, b]) == y - x)
      #expect(try x87([0xD8, 0xF1], [a, b]) == x / y)
      #expect(try x87([0xD8, 0xF9], [a, b]) == y / x)
      #expect(try x87([0xD9, 0xFA], [abs(a)]) == abs(x).squareRoot())
      #expect(try x87([0xD8, 0xF1], [a, b], control: 0x27F) == Float80(a / b))
    }
    #expect(try x87([0xD8, 0xF1], [1, 3], control: 0x07F) == Float80(Float(1) / 3))
  }

  @Test("rounding as the control word has it")
  func rounding() throws {
    let rounded: [(control: UInt16, positive: Float80, negative: Float80)] = [
      (0x37F, 2, -2), (0x77F, 2, -3), (0xB7F, 3, -2), (0xF7F, 2, -2),
    ]
    for (control, positive, negative) in rounded {
      #expect(try x87([0xD9, 0xFC], [2.5], control: control) == positive)
      #expect(try x87([0xD9, 0xFC], [-2.5], control: control) == negative)
    }
    let down = try x87([0xD8, 0xF1], [1, 3], control: 0x77F)
    #expect(try x87([0xD8, 0xF1], [1, 3], control: 0xB7F) == down.nextUp)
  }

  @Test("constants and transcendental functions")
  func transcendental() throws {
    #expect(try x87([0xD9, 0xE8], []) == 1)
    #expect(try x87([0xD9, 0xEE], []) == 0)
    #expect(try x87([0xD9, 0xEB], []).bitPattern80 == (0x4000, 0xC90F_DAA2_2168_C235))
    for value in [0.1, 0.5, -0.8, 0.99] {
      func expect(_ code: [UInt8], _ operands: [Double], _ expected: Double) throws {
        let found = try x87(code, operands)
        #expect(abs(found - Float80(expected)) < 1e-15, "\(code) \(operands)")
      }
      try expect([0xD9, 0xFE], [value], sin(value))
      try expect([0xD9, 0xFF], [value], cos(value))
      try expect([0xD9, 0xFB], [value], cos(value))  // fsincos leaves the cosine on top
      try expect([0xD9, 0xF3], [2, value], atan2(value, 2))
      try expect([0xD9, 0xF0], [value], exp2(value) - 1)
      try expect([0xD9, 0xF1], [abs(value), 3], 3 * log2(abs(value)))
      try expect([0xD9, 0xFD], [value, 3], value * 8)
      try expect([0xD9, 0xF8], [value, 0.3], fmod(value, 0.3))
    }
  }

  @Test("integers and packed decimal, to memory and back")
  func integers() throws {
    var guest = try AssistGuest(words: [UInt64(bitPattern: -1234)])
    try guest.run([0xDF, 0x2E])  // fild m64
    #expect(guest.st(0) == -1234)
    try guest.run([0xDF, 0x37])  // fbstp
    let packed = [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0x80] as [UInt8]
    #expect(guest.memory.read(11, at: GuestAddress(AssistGuest.result)) == packed + [0])
    try guest.run([0xDF, 0x27])  // fbld
    try guest.run([0xDF, 0x1F])  // fistp m16
    #expect(guest.memory.read(2, at: GuestAddress(AssistGuest.result)) == [0x2E, 0xFB])
    #expect(guest.processor.extended?.tags == 0)
  }

  @Test("comparisons set EFLAGS, and conditional moves go by them")
  func flags() throws {
    let cases: [(Double, Double, UInt64)] = [
      (2, 1, 0), (1, 2, Flag.carry), (1, 1, Flag.zero),
      (.nan, 1, Flag.zero | Flag.parity | Flag.carry),
    ]
    for (a, b, flags) in cases {
      var guest = try AssistGuest([a, b])
      guest.processor.registers.rflags = 0x8D7
      try guest.run(Self.fld1)
      try guest.run(Self.fld0)
      #expect(guest.processor.registers.rflags == 0x8D7)
      try guest.run([0xDB, 0xF1])  // fcomi %st(1)
      #expect(guest.processor.registers.rflags == flags | 2)
      guest.processor.registers.rflags = 0x2
      try guest.run([0x66, 0x0F, 0x12, 0x06])  // movlpd (%rsi), %xmm0
      try guest.run([0x66, 0x0F, 0x2F, 0x46, 0x08])  // comisd 8(%rsi), %xmm0
      #expect(guest.processor.registers.rflags == flags | 2)
      try guest.run([0xDA, 0xC1])  // fcmovb %st(1)
      let expected = flags & Flag.carry != 0 ? b : a
      #expect(guest.st(0) == Float80(expected) || expected.isNaN)
    }
  }

  @Test("FISTTP is an invalid opcode without SSE3")
  func fisttp() throws {
    var guest = try AssistGuest([2.75])
    try guest.run(Self.fld0)
    guest.load([0xDB, 0x0F])
    let processor = guest.processor
    guest.processor = AssistedProcessor(
      processor.registers, processor.special, ProcessorFeatures(CPUID()), memory: processor.memory)
    guest.processor.extended = processor.extended
    #expect(guest.interruption() == .invalidOpcode)
    guest.processor = processor
    try guest.step()
    #expect(guest.memory.read(4, at: GuestAddress(AssistGuest.result)) == [2, 0, 0, 0])
  }

  // MARK: Vectors

  /// XMM0 after it was loaded with the first 16 bytes of `operands`, and `code`.
  private func sse(
    _ code: [UInt8], _ operands: [UInt64], mxcsr: UInt32 = 0x1F80
  ) throws -> Vector128 {
    var guest = try AssistGuest(words: operands)
    guest.processor.extended?.mxcsr = mxcsr
    try guest.run([0x0F, 0x10, 0x06])  // movups (%rsi), %xmm0
    try guest.run(code)
    return try #require(guest.processor.extended).xmm(0)
  }

  @Test("scalar and packed arithmetic")
  func vectors() throws {
    let (a, b, high) = (1.1, -0.7, UInt64(0x1122_3344_5566_7788))
    func scalar(_ opcode: UInt8) throws -> Double {
      let found = try sse(
        [0xF2, 0x0F, opcode, 0x46, 0x10], [a.bitPattern, high, b.bitPattern])
      #expect(found.high == high)
      return Double(bitPattern: found.low)
    }
    #expect(try scalar(0x58) == a + b)
    #expect(try scalar(0x59) == a * b)
    #expect(try scalar(0x5C) == a - b)
    #expect(try scalar(0x5D) == b)
    #expect(try scalar(0x5E) == a / b)
    #expect(try scalar(0x5F) == a)
    #expect(try scalar(0x51).isNaN)
    let packed = try sse(
      [0x0F, 0x5E, 0x46, 0x10],
      [0x4000_0000_3F80_0000, 0x4080_0000_4040_0000, 0x4040_0000_4040_0000, 0x4040_0000_4040_0000])
    let thirds = (1...4).map { UInt64((Float($0) / 3).bitPattern) }
    #expect(
      packed == Vector128(low: thirds[0] | thirds[1] << 32, high: thirds[2] | thirds[3] << 32))
  }

  @Test("conversions from and to general registers, rounded as MXCSR has it")
  func conversions() throws {
    var guest = try AssistGuest([2.5])
    guest.processor.registers.r9 = UInt64(bitPattern: -(1 << 40))
    try guest.run([0xF2, 0x4D, 0x0F, 0x2A, 0xC1])  // cvtsi2sd %r9, %xmm8
    #expect(guest.processor.extended?.xmm(8).low == (-0x1p40).bitPattern)
    try guest.run([0xF2, 0x45, 0x0F, 0x2A, 0xC1])  // cvtsi2sd %r9d, %xmm8
    #expect(guest.processor.extended?.xmm(8).low == 0)
    guest.processor.registers.rax = .max
    try guest.run([0xF2, 0x0F, 0x2D, 0x06])  // cvtsd2si (%rsi), %eax
    #expect(guest.processor.registers.rax == 2)
    guest.processor.extended?.mxcsr = 0x5F80
    try guest.run([0xF2, 0x0F, 0x2D, 0x06])
    #expect(guest.processor.registers.rax == 3)
    #expect(guest.processor.extended?.mxcsr == 0x5FA0)
  }

  @Test("shifts by immediates, of words and of bytes")
  func shifts() throws {
    let operands: [UInt64] = [0x8001_7FFF_0002_FFFF, 0x0123_4567_89AB_CDEF]
    func shift(_ code: [UInt8]) throws -> Vector128 { try sse([0x66, 0x0F] + code, operands) }
    #expect(
      try shift([0x71, 0xE0, 4])
        == Vector128(low: 0xF800_07FF_0000_FFFF, high: 0x0012_0456_F89A_FCDE))
    #expect(
      try shift([0x71, 0xE0, 255]) == Vector128(low: 0xFFFF_0000_0000_FFFF, high: 0xFFFF_FFFF))
    #expect(try shift([0x73, 0xD0, 64]) == Vector128(low: 0))
    #expect(
      try shift([0x73, 0xD8, 3])
        == Vector128(low: 0xABCD_EF80_017F_FF00, high: 0x0000_0001_2345_6789))
    #expect(try shift([0x73, 0xF8, 16]) == Vector128(low: 0))
    var guest = try AssistGuest(words: operands)
    try guest.run([0x0F, 0x6F, 0x1E])  // movq (%rsi), %mm3
    try guest.run([0x0F, 0x73, 0xD3, 8])  // psrlq $8, %mm3
    #expect(guest.processor.extended?.mmx(3) == 0x0080_017F_FF00_02FF)
    #expect(guest.processor.extended?.tags == 0xFF)
  }

  @Test("a conversion from memory does not go over to MMX, one from a register does")
  func transition() throws {
    var guest = try AssistGuest([1])
    try guest.run([0x66, 0x0F, 0x2A, 0x06])  // cvtpi2pd (%rsi), %xmm0
    #expect(guest.processor.extended?.tags == 0)
    try guest.run([0x66, 0x0F, 0x2A, 0xC1])  // cvtpi2pd %mm1, %xmm0
    #expect(guest.processor.extended?.tags == 0xFF)
  }

}

extension Float80 {
  fileprivate var bitPattern80: (UInt, UInt64) {
    (exponentBitPattern, significandBitPattern | 1 << 63)
  }
}
