import Glibc
import KVM
import TestSupport
import Testing

@testable import VMM

/// Exceptions of instructions that the host's processor executes, and what they must not do to the host.
@Suite("Assist: exceptions of the host's instructions", .timeLimit(.minutes(5)))
struct HostInstructionExceptionTests {
  private static let fld: [UInt8] = [0xDD, 0x06]  // fldl (%rsi)

  @Test("an unmasked exception waits for the next instruction that does not ignore it")
  func pendingException() throws {
    var guest = try AssistGuest([1, 0], control: 0x37B)
    try guest.run(Self.fld)
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
      var guest = try AssistGuest([value], control: control)
      _ = guest.memory.store(UInt64.max, at: GuestAddress(AssistGuest.result))
      try guest.run(Self.fld)
      try guest.run(code)
      return (
        guest.memory.read(8, at: GuestAddress(AssistGuest.result))?.littleEndian,
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
    var guest = try AssistGuest([1, 0], control: 0x37B)
    try guest.run([0x48, 0xDD, 0x46, 0x08])
    var pointers = guest.processor.extended?.pointers
    #expect(pointers?.opcode == 0x546)
    #expect(pointers?.instruction == AssistGuest.code)
    #expect(pointers?.operand == AssistGuest.data + 8)
    guest.processor.registers.rip += 2
    _ = guest.memory.write([0xD9, 0xE8], at: GuestAddress(guest.processor.registers.rip))
    try guest.step()
    pointers = guest.processor.extended?.pointers
    #expect(pointers?.opcode == 0x1E8)
    #expect(pointers?.instruction == AssistGuest.code + 6)
    #expect(pointers?.operand == AssistGuest.data + 8)
    // Vector instructions leave them alone.
    try guest.run([0x0F, 0x58, 0xC1])
    #expect(guest.processor.extended?.pointers == pointers)
  }

  @Test("an unmasked SSE exception: no result, the flags, #XM or #UD")
  func vectorException() throws {
    func divide(
      _ a: Double, _ b: Double, mxcsr: UInt32, _ code: [UInt8] = [0xF2, 0x0F, 0x5E, 0x46, 0x10],
      handled: Bool = true
    ) throws -> (interruption: Interruption?, low: UInt64?) {
      var guest = try AssistGuest([a, 1, b, 3])
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

  @Test("alignment, pages and segments")
  func faults() throws {
    let protection = Interruption.fault(Fault(.generalProtection, 0))
    var guest = try AssistGuest([1, 1, 1, 1])
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
