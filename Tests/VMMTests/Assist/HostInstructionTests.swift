import Glibc
import KVM
import TestSupport
import Testing

@testable import VMM

/// Instructions that the host's processor executes. The guest `assist` compares each of them with native
/// execution; here are their results, exceptions, and what they must not do to the host.
@Suite("Assist: instructions of the host's processor", .timeLimit(.minutes(5)))
struct HostInstructionTests {
  static let data: UInt64 = 0x500
  static let result: UInt64 = 0x540

  /// A guest with `words` at RSI, whose RDI is where a result goes.
  private func guest(words: [UInt64], control: UInt16 = 0x37F) throws -> AssistGuest {
    var guest = try AssistGuest([])
    guest.processor.registers.rsi = Self.data
    guest.processor.registers.rdi = Self.result
    guest.processor.extended?.control = control
    for (index, operand) in words.enumerated() {
      _ = guest.memory.store(operand, at: GuestAddress(Self.data + 8 * UInt64(index)))
    }
    return guest
  }

  private func guest(_ operands: [Double], control: UInt16 = 0x37F) throws -> AssistGuest {
    try guest(words: operands.map(\.bitPattern), control: control)
  }

  private static let (fld0, fld1): ([UInt8], [UInt8]) = ([0xDD, 0x06], [0xDD, 0x46, 0x08])

  /// ST0 after loads of both `operands`, the second one last, and `code`.
  private func x87(
    _ code: [UInt8], _ operands: [Double], control: UInt16 = 0x37F
  ) throws -> Float80 {
    var guest = try guest(operands, control: control)
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
    var guest = try guest(words: [UInt64(bitPattern: -1234)])
    try guest.run([0xDF, 0x2E])  // fild m64
    #expect(guest.st(0) == -1234)
    try guest.run([0xDF, 0x37])  // fbstp
    let packed = [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0, 0x80] as [UInt8]
    #expect(guest.memory.read(11, at: GuestAddress(Self.result)) == packed + [0])
    try guest.run([0xDF, 0x27])  // fbld
    try guest.run([0xDF, 0x1F])  // fistp m16
    #expect(guest.memory.read(2, at: GuestAddress(Self.result)) == [0x2E, 0xFB])
    #expect(guest.processor.extended?.tags == 0)
  }

  @Test("comparisons set EFLAGS, and conditional moves go by them")
  func flags() throws {
    let cases: [(Double, Double, UInt64)] = [
      (2, 1, 0), (1, 2, Flag.carry), (1, 1, Flag.zero),
      (.nan, 1, Flag.zero | Flag.parity | Flag.carry),
    ]
    for (a, b, flags) in cases {
      var guest = try guest([a, b])
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
    var guest = try guest([2.75])
    try guest.run(Self.fld0)
    guest.load([0xDB, 0x0F])
    let processor = guest.processor
    guest.processor = AssistedProcessor(
      processor.registers, processor.special, ProcessorFeatures(CPUID()), memory: processor.memory)
    guest.processor.extended = processor.extended
    #expect(guest.interruption() == .invalidOpcode)
    guest.processor = processor
    try guest.step()
    #expect(guest.memory.read(4, at: GuestAddress(Self.result)) == [2, 0, 0, 0])
  }

  // MARK: x87 exceptions

  @Test("an unmasked exception waits for the next instruction that does not ignore it")
  func pendingException() throws {
    var guest = try guest([1, 0], control: 0x37B)
    try guest.run(Self.fld0)
    try guest.run([0xDC, 0x76, 0x08])  // fdivl 8(%rsi)
    #expect(guest.processor.extended?.status == 0xB884)
    #expect(guest.st(0) == 1)
    guest.load([0xD9, 0xE8])
    #expect(guest.interruption() == .fault(Fault(.x87FloatingPoint)))
    guest.load([0x0F, 0xFC, 0xC1])  // paddb %mm1, %mm0
    #expect(guest.interruption() == .fault(Fault(.x87FloatingPoint)))
    guest.processor.special.cr0 &= ~ControlRegister.numericError
    #expect(guest.interruption() == .unsupported)
    // SSE does not wait.
    try guest.run([0x0F, 0x58, 0xC1])
    try guest.run([0xDF, 0xE0])  // fnstsw %ax
    #expect(guest.processor.registers.rax & 0xFFFF == 0xB884)
  }

  @Test("an unmasked exception but for an inexact result keeps a store from memory, and ST0")
  func unmaskedStore() throws {
    func store(_ code: [UInt8], _ value: Double, control: UInt16) throws -> (UInt64?, UInt16?) {
      var guest = try guest([value], control: control)
      _ = guest.memory.store(UInt64.max, at: GuestAddress(Self.result))
      try guest.run(Self.fld0)
      try guest.run(code)
      return (
        guest.memory.read(8, at: GuestAddress(Self.result))?.littleEndian,
        guest.processor.extended?.status
      )
    }
    let (fistp16, fstp32): ([UInt8], [UInt8]) = ([0xDF, 0x1F], [0xD9, 0x1F])
    #expect(try store(fistp16, 1e6, control: 0x37F) == (0xFFFF_FFFF_FFFF_8000, 0x0001))
    #expect(try store(fistp16, 1e6, control: 0x37E) == (.max, 0xB881))
    #expect(try store(fstp32, 1e300, control: 0x37F) == (0xFFFF_FFFF_7F80_0000, 0x0228))
    #expect(try store(fstp32, 1e300, control: 0x377) == (.max, 0xB888))
    #expect(try store(fstp32, 1e-300, control: 0x36F) == (.max, 0xB890))
    // Inexact: stored, popped, and pending.
    #expect(try store(fstp32, 0.1, control: 0x35F) == (0xFFFF_FFFF_3DCC_CCCD, 0x82A0))
  }

  @Test("the last instruction's address is the guest's, and its operand's, never the host's")
  func pointers() throws {
    var guest = try guest([1, 0], control: 0x37B)
    try guest.run([0x48, 0xDD, 0x46, 0x08])
    var pointers = guest.processor.extended?.pointers
    #expect(pointers?.opcode == 0x546)
    #expect(pointers?.instruction == AssistGuest.code)
    #expect(pointers?.operand == Self.data + 8)
    guest.processor.registers.rip += 2
    _ = guest.memory.write([0xD9, 0xE8], at: GuestAddress(guest.processor.registers.rip))
    try guest.step()
    pointers = guest.processor.extended?.pointers
    #expect(pointers?.opcode == 0x1E8)
    #expect(pointers?.instruction == AssistGuest.code + 6)
    #expect(pointers?.operand == Self.data + 8)
    // Vector instructions leave them alone.
    try guest.run([0x0F, 0x58, 0xC1])
    #expect(guest.processor.extended?.pointers == pointers)
  }

  // MARK: Vectors

  /// XMM0 after it was loaded with the first 16 bytes of `operands`, and `code`.
  private func sse(
    _ code: [UInt8], _ operands: [UInt64], mxcsr: UInt32 = 0x1F80
  ) throws -> Vector128 {
    var guest = try guest(words: operands)
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
    var guest = try guest([2.5])
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

  @Test("an unmasked SSE exception: no result, the flags, #XM or #UD")
  func vectorException() throws {
    func divide(
      _ a: Double, _ b: Double, mxcsr: UInt32, _ code: [UInt8] = [0xF2, 0x0F, 0x5E, 0x46, 0x10],
      handled: Bool = true
    ) throws -> (interruption: Interruption?, low: UInt64?) {
      var guest = try guest([a, 1, b, 3])
      if !handled { guest.processor.special.cr4 &= ~ControlRegister.osXMMExceptions }
      guest.processor.extended?.mxcsr = mxcsr
      try guest.run([0x0F, 0x10, 0x06])
      guest.load(code)
      return (guest.interruption(), guest.processor.extended?.xmm(0).low)
    }
    func fault(_ mxcsr: UInt32, _ exception: ProcessorException = .vectorFloatingPoint)
      -> Interruption
    {
      var fault = Fault(exception)
      fault.mxcsr = mxcsr
      return .fault(fault)
    }
    let one = (1.0).bitPattern
    #expect(try divide(1, 0, mxcsr: 0x1F80) == (nil, Double.infinity.bitPattern))
    #expect(try divide(1, 0, mxcsr: 0x1D80) == (fault(0x1D84), one))
    #expect(try divide(1, 0, mxcsr: 0x1D80, handled: false) == (fault(0x1D84, .invalidOpcode), one))
    // What was flagged before raises nothing, and hides nothing.
    #expect(try divide(1, 2, mxcsr: 0x1D84) == (nil, (0.5).bitPattern))
    #expect(try divide(1, 0, mxcsr: 0x1D84) == (fault(0x1D84), one))
    // Packed: 1 / 3 is inexact beside the division by zero, which keeps it from being computed.
    let packed: [UInt8] = [0x66, 0x0F, 0x5E, 0x46, 0x10]
    #expect(try divide(1, 0, mxcsr: 0x0D80, packed) == (fault(0x0D84), one))
    #expect(try divide(1, 2, mxcsr: 0x0D80, packed) == (fault(0x0DA0), one))
    // Tiny, but exact: an underflow only if it is not masked.
    let least = Double.leastNormalMagnitude
    #expect(try divide(least, 2, mxcsr: 0x1F80) == (nil, (least / 2).bitPattern))
    let underflow = try divide(least, 2, mxcsr: 0x1780)
    #expect(underflow.low == least.bitPattern)
    guard case .fault(let found) = underflow.interruption else {
      Issue.record("no underflow")
      return
    }
    #expect(try #require(found.mxcsr) & 0x10 != 0)
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
    var guest = try guest(words: operands)
    try guest.run([0x0F, 0x6F, 0x1E])  // movq (%rsi), %mm3
    try guest.run([0x0F, 0x73, 0xD3, 8])  // psrlq $8, %mm3
    #expect(guest.processor.extended?.mmx(3) == 0x0080_017F_FF00_02FF)
    #expect(guest.processor.extended?.tags == 0xFF)
  }

  @Test("a conversion from memory does not go over to MMX, one from a register does")
  func transition() throws {
    var guest = try guest([1])
    try guest.run([0x66, 0x0F, 0x2A, 0x06])  // cvtpi2pd (%rsi), %xmm0
    #expect(guest.processor.extended?.tags == 0)
    try guest.run([0x66, 0x0F, 0x2A, 0xC1])  // cvtpi2pd %mm1, %xmm0
    #expect(guest.processor.extended?.tags == 0xFF)
  }

  @Test("alignment, pages and segments")
  func faults() throws {
    let protection = Interruption.fault(Fault(.generalProtection, 0))
    var guest = try guest([1, 1, 1, 1])
    func interruption(_ code: [UInt8]) -> Interruption? {
      guest.load(code)
      return guest.interruption()
    }
    #expect(interruption([0x0F, 0x58, 0x46, 0x08]) == protection)  // addps 8(%rsi), %xmm0
    #expect(interruption([0x0F, 0x29, 0x47, 0x08]) == protection)  // movaps %xmm0, 8(%rdi)
    #expect(interruption([0x0F, 0x10, 0x46, 0x08]) == nil)  // movups
    #expect(interruption([0xF2, 0x0F, 0x58, 0x46, 0x01]) == nil)  // addsd
    #expect(interruption([0xDD, 0x46, 0x01]) == nil)  // fldl 1(%rsi)
    let before = guest.processor.extended
    guest.processor.registers.rdi = 0x40_0000_0000
    let fault = Interruption.fault(Fault(.pageFault, 2, address: 0x40_0000_0000))
    #expect(interruption([0xDD, 0x1F]) == fault)  // fstpl (%rdi)
    #expect(interruption([0x0F, 0x11, 0x07]) == fault)  // movups %xmm0, (%rdi)
    #expect(guest.processor.extended == before)
    guest.processor.special.cr0 |= ControlRegister.taskSwitched
    #expect(interruption([0xDD, 0x06]) == .deviceNotAvailable)
    #expect(interruption([0x0F, 0xFC, 0xC1]) == .deviceNotAvailable)
    guest.processor.special.cr0 ^= ControlRegister.taskSwitched | ControlRegister.emulation
    #expect(interruption([0xDD, 0x06]) == .deviceNotAvailable)
    #expect(interruption([0x0F, 0xFC, 0xC1]) == .invalidOpcode)
    guest.processor.special.cr0 ^= ControlRegister.emulation
    guest.processor.special.cr4 &= ~ControlRegister.osFXSR
    #expect(interruption([0x0F, 0x58, 0xC1]) == .invalidOpcode)
    #expect(interruption([0x0F, 0xFC, 0xC1]) == nil)
  }

  // MARK: The host

  /// What a function must leave as it found it: the x87's control word and empty registers, and MXCSR.
  private struct HostControl: Equatable {
    let control: UInt16
    let tags: UInt16
    let mxcsr: UInt32

    init() {
      var environment = fenv_t()
      unsafe fegetenv(&environment)
      control = environment.__control_word
      tags = environment.__tags
      mxcsr = environment.__mxcsr & ~0x3F
    }
  }

  @Test("every instruction, on whatever registers: nothing traps, and the host's own are as before")
  func hostile() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SplitMix64(seed: seed)
    let set = HostInstructionSet.shared
    var missing = Set(set.instructions.indices)
    let host = HostControl()
    var guest = try AssistGuest([])
    guest.processor.special.cr0 |= ControlRegister.numericError
    for index in 129..<1024 { guest.processor.extended?.area.words[index] = UInt32(index) }
    let clean = guest.processor
    for opcode in Self.opcodes {
      for modRM in UInt8.min ... .max where modRM >= 0xC0 || modRM & 0xC7 == 6 {
        let code = opcode + [modRM, UInt8(truncatingIfNeeded: generator.next())]
        guard let found = try? InstructionDecoder.decode(code, bits: 64),
          case .host(let id) = found.mnemonic
        else { continue }
        missing.remove(id.rawValue)
        guest.processor = clean
        guest.load(code)
        guest.processor.extended?.area.words.fillRandomly(&generator)
        guest.processor.registers.rsi = generator.next() & 0xFFFF
        let before = guest.processor
        #expect(guest.interruption() != .unsupported, "\(code), seed \(seed)")
        let after = guest.processor
        let changed = after.registers.rflags ^ before.registers.rflags
        #expect(changed & ~Flag.arithmetic == 0, "\(code), seed \(seed)")
        #expect(
          after.extended?.area.words[129...] == clean.extended?.area.words[129...],
          "\(code), seed \(seed)")
      }
    }
    #expect(HostControl() == host)
    #expect(missing.isEmpty, "\(missing.map { set.instructions[$0].name })")
  }

  /// With every prefix that matters.
  private static let opcodes: [[UInt8]] =
    (0xD8...0xDF).map { [$0] }
    + [[], [0x66], [0xF3], [0xF2]].flatMap { prefix in
      [[], [0x48]].flatMap { wide in
        (UInt8.min ... .max).map { prefix + wide + [0x0F, $0] }
      }
    }
}

extension [UInt32] {
  /// The x87 and SSE registers as a hostile guest can make them.
  fileprivate mutating func fillRandomly(_ generator: inout SplitMix64) {
    for index in 0..<104 { self[index] = UInt32(truncatingIfNeeded: generator.next()) }
    // No exception pending, half the time; bits of MXCSR that exist, of the processor's mask.
    if self[0] & 1 << 8 != 0 { self[0] |= 0x3F }
    self[6] &= 0xFFFF
    self[7] = 0xFFFF
  }
}

extension AssistGuest {
  mutating func run(_ code: [UInt8]) throws {
    load(code)
    try step()
  }

  /// Register ST(`index`).
  func st(_ index: Int) -> Float80 {
    guard let words = processor.extended?.area.words else { return .nan }
    let word = 8 + 4 * index
    return Float80(
      sign: words[word + 2] >> 15 & 1 == 0 ? .plus : .minus,
      exponentBitPattern: UInt(words[word + 2] & 0x7FFF),
      significandBitPattern: UInt64(words[word]) | UInt64(words[word + 1]) << 32)
  }
}

extension Float80 {
  fileprivate var bitPattern80: (UInt, UInt64) {
    (exponentBitPattern, significandBitPattern | 1 << 63)
  }
}
