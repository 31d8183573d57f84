import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

/// What the guest that compares CPL 0 with CPL 3 cannot: exceptions, other modes, privileged
/// instructions.
@Suite("Assist: instructions", .timeLimit(.minutes(5)))
struct AssistedInstructionTests {
  private static let protection = Interruption.fault(Fault(.generalProtection, 0))

  @Test("POPCNT: operand sizes, and every arithmetic flag")
  func popcnt() throws {
    var guest = try AssistGuest([0xF3, 0x0F, 0xB8, 0xC1])
    guest.processor.registers.rax = .max
    guest.processor.registers.rcx = 0xFFFF_FFFF_0000_0000
    guest.processor.registers.rflags = 0x8D7
    try guest.step()
    #expect(guest.processor.registers.rax == 0)
    #expect(guest.processor.registers.rflags == 0x42)
    guest.load([0x66, 0xF3, 0x0F, 0xB8, 0xC1])
    guest.processor.registers.rax = .max
    guest.processor.registers.rcx = 0xFFFF
    try guest.step()
    #expect(guest.processor.registers.rax == 0xFFFF_FFFF_FFFF_0010)
    #expect(guest.processor.registers.rflags == 2)
  }

  @Test("a feature that CPUID does not promise is an invalid opcode")
  func features() throws {
    for code: [UInt8] in [
      [0xF3, 0x0F, 0xB8, 0xC1], [0xF2, 0x0F, 0x38, 0xF1, 0xC1], [0x48, 0x0F, 0xC7, 0x0F],
      [0x0F, 0x01, 0xF9], [0x66, 0x0F, 0xAE, 0x37], [0x66, 0x0F, 0xAE, 0x3F],
      [0x66, 0x0F, 0x38, 0x82, 0x07], [0x0F, 0x01, 0xCA],
    ] {
      var guest = try AssistGuest(code)
      guest.processor.registers.rdi = 0x500
      guest.processor = AssistedProcessor(
        guest.processor.registers, guest.processor.special, ProcessorFeatures(CPUID()),
        memory: guest.processor.memory)
      #expect(guest.interruption() == .invalidOpcode, "\(code)")
    }
  }

  @Test("RDSSP does nothing without shadow stacks")
  func shadowStackPointer() throws {
    var guest = try AssistGuest([0xF3, 0x48, 0x0F, 0x1E, 0xCE])
    guest.processor.registers.rsi = 1
    try guest.step()
    #expect(guest.processor.registers.rsi == 1)
    guest.load([0xF3, 0x48, 0x0F, 0x1E, 0xCE])
    guest.processor.special.cr4 |= 1 << 23
    #expect(guest.interruption() == .unsupported)
  }

  @Test("LOCK is for CMPXCHG16B alone")
  func lock() throws {
    var guest = try AssistGuest([0xF0, 0xF3, 0x0F, 0xB8, 0xC1])
    #expect(guest.interruption() == .invalidOpcode)
    guest.load([0xF0, 0x48, 0x0F, 0xC7, 0x0F])
    guest.processor.registers.rdi = 0x500
    #expect(guest.interruption() == nil)
    guest.load([0xF0, 0x48, 0x0F, 0xC7, 0x0F])
    guest.processor.registers.rdi = 0x508
    #expect(guest.interruption() == Self.protection)
  }

  @Test("the x87 switched off, somebody else's, or with an exception pending")
  func unavailable() throws {
    let fwait: [UInt8] = [0x9B]
    let fldcw: [UInt8] = [0xD9, 0x2F]
    let pxor: [UInt8] = [0x66, 0x0F, 0xEF, 0xC1]
    let emms: [UInt8] = [0x0F, 0x77]
    func interruption(_ code: [UInt8], cr0: UInt64 = 0, cr4: UInt64 = 0x620) throws -> Interruption?
    {
      var guest = try AssistGuest(code)
      guest.processor.registers.rdi = 0x500
      guest.processor.special.cr0 &= ~0xE
      guest.processor.special.cr0 |= cr0
      guest.processor.special.cr4 = cr4
      return guest.interruption()
    }
    let (monitor, emulation, switched): (UInt64, UInt64, UInt64) = (2, 4, 8)
    #expect(try interruption(fwait, cr0: switched) == nil)
    #expect(try interruption(fwait, cr0: switched | monitor) == .deviceNotAvailable)
    #expect(try interruption(fldcw, cr0: switched) == .deviceNotAvailable)
    #expect(try interruption(fldcw, cr0: emulation) == .deviceNotAvailable)
    #expect(try interruption(emms, cr0: emulation) == .invalidOpcode)
    #expect(try interruption(emms, cr0: switched) == .deviceNotAvailable)
    #expect(try interruption(pxor, cr0: emulation) == .invalidOpcode)
    #expect(try interruption(pxor, cr4: 0x20) == .invalidOpcode)
    #expect(try interruption(pxor, cr0: switched) == .deviceNotAvailable)
    var guest = try AssistGuest(fwait)
    guest.processor.extended?.control = 0x37E
    guest.processor.extended?.status = 0x8081
    #expect(guest.interruption() == .fault(Fault(.x87FloatingPoint)))
    guest.processor.special.cr0 &= ~ControlRegister.numericError
    #expect(guest.interruption() == .unsupported)
  }

  @Test("FLDCW unmasks what is flagged: the summary shows it")
  func errorSummary() throws {
    var guest = try AssistGuest([0xD9, 0x2F])
    guest.processor.registers.rdi = 0x500
    _ = guest.memory.store(UInt16(0x37E), at: 0x500)
    guest.processor.extended?.status = 1
    try guest.step()
    #expect(guest.processor.extended?.status == 0x8081)
    guest.load([0xDB, 0xE2])  // fnclex
    try guest.step()
    #expect(guest.processor.extended?.status == 0)
  }

  @Test("LDMXCSR refuses reserved bits; a vector operand must be aligned")
  func protection() throws {
    var guest = try AssistGuest([0x0F, 0xAE, 0x17])
    guest.processor.registers.rdi = 0x500
    _ = guest.memory.store(UInt32(0x1_1F80), at: 0x500)
    #expect(guest.interruption() == Self.protection)
    guest.load([0x66, 0x0F, 0xEF, 0x07])
    #expect(guest.interruption() == nil)
    guest.load([0x66, 0x0F, 0xEF, 0x47, 0x08])
    #expect(guest.interruption() == Self.protection)
  }

  @Test("XGETBV and XSETBV")
  func extendedControl() throws {
    var guest = try AssistGuest([0x0F, 0x01, 0xD0])
    guest.processor.extendedControl = 0x1_0000_0207
    #expect(guest.interruption() == .invalidOpcode)  // CR4.OSXSAVE
    guest.processor.special.cr4 |= ControlRegister.osXSAVE
    try guest.step()
    #expect(guest.processor.registers.rax == 0x207)
    #expect(guest.processor.registers.rdx == 1)
    guest.load([0x0F, 0x01, 0xD0])
    guest.processor.registers.rcx = 1
    guest.processor.extended?.area.words[128] = 3
    try guest.step()
    #expect(guest.processor.registers.rax == 3)
    guest.load([0x0F, 0x01, 0xD0])
    guest.processor.registers.rcx = 2
    #expect(guest.interruption() == Self.protection)
    guest.load([0x0F, 0x01, 0xD1])
    guest.processor.registers.rcx = 0
    guest.processor.registers.rax = 6
    #expect(guest.interruption() == Self.protection)
    guest.processor.registers.rax = 7
    guest.processor.registers.rdx = 0
    try guest.step()
    #expect(guest.processor.extendedControl == 7)
    guest.load([0x0F, 0x01, 0xD1])
    guest.enterUserMode()
    #expect(guest.interruption() == Self.protection)
  }

  @Test("CLAC and STAC; RDTSCP")
  func flagsAndTime() throws {
    var guest = try AssistGuest([0x0F, 0x01, 0xCB])
    try guest.step()
    #expect(guest.processor.registers.rflags == 0x4_0002)
    guest.load([0x0F, 0x01, 0xCA])
    try guest.step()
    #expect(guest.processor.registers.rflags == 2)
    guest.enterUserMode()
    guest.load([0x0F, 0x01, 0xCA])
    #expect(guest.interruption() == .invalidOpcode)
    guest.load([0x0F, 0x01, 0xF9])
    guest.processor.timeStamp = (0x1234_5678_9ABC_DEF0, 0x1_0000_0007)
    try guest.step()
    #expect(guest.processor.registers.rax == 0x9ABC_DEF0)
    #expect(guest.processor.registers.rdx == 0x1234_5678)
    #expect(guest.processor.registers.rcx == 7)
    guest.load([0x0F, 0x01, 0xF9])
    guest.processor.special.cr4 |= ControlRegister.timeStampDisable
    #expect(guest.interruption() == Self.protection)
  }

  @Test("INVPCID: types, descriptor, privilege")
  func invalidate() throws {
    func interruption(
      type: UInt64, low: UInt64 = 0, high: UInt64 = 0, identifiers: Bool = false
    ) throws -> Interruption? {
      var guest = try AssistGuest([0x66, 0x0F, 0x38, 0x82, 0x07])
      guest.processor.registers.rdi = 0x500
      guest.processor.registers.rax = type
      if identifiers { guest.processor.special.cr4 |= 1 << 17 }
      _ = guest.memory.store(low, at: 0x500)
      _ = guest.memory.store(high, at: 0x508)
      let result = guest.interruption()
      #expect(guest.processor.flushesTranslations == (result == nil))
      return result
    }
    for type: UInt64 in 0...3 { #expect(try interruption(type: type) == nil) }
    #expect(try interruption(type: 4) == Self.protection)
    #expect(try interruption(type: 1, low: 1) == Self.protection)
    #expect(try interruption(type: 1, low: 1, identifiers: true) == nil)
    #expect(try interruption(type: 1, low: 0x1000, identifiers: true) == Self.protection)
    #expect(try interruption(type: 0, high: 0x8000_0000_0000) == Self.protection)
    #expect(try interruption(type: 3, low: .max, high: .max) == nil)
  }

  @Test("segments: limits, null ones, and which of them may be written")
  func segments() throws {
    var guest = try AssistGuest(.protected, [0x0F, 0xAE, 0x1F])  // stmxcsr (%edi)
    guest.processor.special.cr4 |= ControlRegister.osFXSR
    guest.processor.registers.rdi = 0x500
    guest.processor.special.ds.limit = 0x502
    #expect(guest.interruption() == Self.protection)
    guest.processor.special.ds.limit = 0x503
    guest.processor.special.ds.type = 1
    #expect(guest.interruption() == Self.protection)
    guest.processor.special.ds.unusable = 1
    #expect(guest.interruption() == Self.protection)
    guest.load([0x2E, 0x0F, 0xAE, 0x1F])  // by CS
    #expect(guest.interruption() == Self.protection)
    guest.load([0x36, 0x0F, 0xAE, 0x1F])  // by SS
    #expect(guest.interruption() == nil)
    guest.load([0x36, 0x0F, 0xAE, 0x1F])
    guest.processor.special.ss.limit = 0x400
    #expect(guest.interruption() == .fault(Fault(.stackFault, 0)))
    guest.processor.special.cs.limit = UInt32(AssistGuest.code) + 1
    #expect(guest.interruption() == Self.protection)
  }

  @Test("64-bit addresses: canonical, relative to RIP, by FS")
  func addresses() throws {
    var guest = try AssistGuest([0x0F, 0xAE, 0x1D, 0xF9, 0x0F, 0, 0])  // stmxcsr 0xFF9(%rip)
    try guest.step()
    #expect(
      guest.memory.read(4, at: GuestAddress(AssistGuest.code + 0x1000)) == [0x80, 0x1F, 0, 0])
    guest.load([0x64, 0x0F, 0xAE, 0x1F])
    guest.processor.special.fs.base = 0x700
    guest.processor.registers.rdi = 0x10
    try guest.step()
    #expect(guest.memory.read(2, at: 0x710) == [0x80, 0x1F])
    guest.load([0x0F, 0xAE, 0x1F])
    guest.processor.registers.rdi = 0x7FFF_FFFF_FFFE
    #expect(guest.interruption() == Self.protection)
    guest.load([0x0F, 0xAE, 0x5D, 0x00])  // by RBP
    guest.processor.registers.rbp = 1 << 63
    #expect(guest.interruption() == .fault(Fault(.stackFault, 0)))
    // 67 cuts the address off.
    guest.load([0x67, 0x0F, 0xAE, 0x1F])
    guest.processor.registers.rdi = 0xFFFF_0000_0000_0600
    try guest.step()
    #expect(guest.memory.read(2, at: 0x600) == [0x80, 0x1F])
  }

  @Test("decimal adjustment: every AL with every flag, against its definition in decimal")
  func decimal() throws {
    for left in 0..<100 {
      for right in 0..<100 {
        var guest = try AssistGuest(.protected, [0x27])
        let (packedLeft, packedRight) = (Self.packed(left), Self.packed(right))
        let sum = packedLeft + packedRight
        var flags: UInt64 = sum > 0xFF ? Flag.carry : 0
        if packedLeft & 0xF + packedRight & 0xF > 0xF { flags |= Flag.auxiliaryCarry }
        guest.processor.registers.rax = sum & 0xFF
        guest.processor.registers.rflags = flags | 2
        try guest.step()
        let total = left + right
        #expect(guest.processor.registers.rax == Self.packed(total % 100), "\(left) + \(right)")
        let carries = guest.processor.registers.rflags & Flag.carry != 0
        #expect(carries == (total > 99), "\(left) + \(right)")
      }
    }
  }

  private static func packed(_ number: Int) -> UInt64 { UInt64(number / 10 * 16 + number % 10) }

  @Test("AAM, AAD, AAA, AAS, DAS")
  func unpacked() throws {
    func run(_ code: [UInt8], ax: UInt64, flags: UInt64 = 2) throws -> (UInt64, UInt64) {
      var guest = try AssistGuest(.protected, code)
      guest.processor.registers.rax = ax
      guest.processor.registers.rflags = flags
      try guest.step()
      return (guest.processor.registers.rax, guest.processor.registers.rflags)
    }
    #expect(try run([0xD4, 0x0A], ax: 0xFF63) == (0x0909, 0x06))
    #expect(try run([0xD5, 0x0A], ax: 0x0907) == (0x61, 0x02))
    #expect(try run([0x37], ax: 0x000B) == (0x0101, 0x13))
    #expect(try run([0x37], ax: 0x0F04) == (0x0F04, 0x02))
    #expect(try run([0x3F], ax: 0x02FF) == (0x0109, 0x17))
    // 0x47 - 0x28 = 0x1F, with a borrow from the high digit.
    #expect(try run([0x2F], ax: 0x1F, flags: 0x12) == (0x19, 0x12))
    var guest = try AssistGuest(.protected, [0xD4, 0x00])
    #expect(guest.interruption() == .fault(Fault(.divideError)))
  }

  @Test("LAR, LSL, VERR, VERW")
  func segmentChecks() throws {
    func run(_ code: [UInt8], _ selector: UInt64, user: Bool = false) throws -> UInt64? {
      var guest = try AssistGuest(.protected, code)
      if user { guest.enterUserMode() }
      guest.processor.registers.rcx = selector
      guest.processor.registers.rax = 0x1234
      try guest.step()
      return guest.processor.registers.rflags & Flag.zero != 0 ? guest.processor.registers.rax : nil
    }
    let (lar, lsl): ([UInt8], [UInt8]) = ([0x0F, 0x02, 0xC1], [0x0F, 0x03, 0xC1])
    let (verr, verw): ([UInt8], [UInt8]) = ([0x0F, 0x00, 0xE1], [0x0F, 0x00, 0xE9])
    #expect(try run(lar, 0x18) == 0x00C0_9B00)
    #expect(try run(lsl, 0x18) == 0xFFFF_FFFF)
    #expect(try run(lsl, 0x38) == 0x2068)
    #expect(try run(lar, 0) == nil)
    #expect(try run(lar, 0x100) == nil)
    #expect(try run(lar, 0x1B) == nil)  // RPL 3
    #expect(try run(lar, 0x18, user: true) == nil)
    #expect(try run(lar, 0x33, user: true) == 0x00C0_FB00)
    #expect(try run(verr, 0x18) != nil)
    #expect(try run(verw, 0x18) == nil)
    #expect(try run(verw, 0x10) != nil)
    #expect(try run(verr, 0x38) == nil)
    var real = try AssistGuest(.real, lar)
    #expect(real.interruption() == .invalidOpcode)
  }

  @Test("MMX registers are where TOP is, and an MMX instruction puts it to 0")
  func mmx() throws {
    var guest = try AssistGuest([0x0F, 0x6E, 0xC9])  // movd %ecx, %mm1
    guest.processor.registers.rcx = 0xDEAD_BEEF
    guest.processor.extended?.status = 3 << 11
    // ST0 is physical register 3.
    for index in 0..<8 { guest.processor.extended?.area.words[8 + 4 * index] = UInt32(index) }
    try guest.step()
    let state = try #require(guest.processor.extended)
    #expect(state.status == 0)
    #expect(state.tags == 0xFF)
    #expect(state.mmx(1) == 0xDEAD_BEEF)
    #expect(state.area.words[8 + 4 * 1 + 2] & 0xFFFF == 0xFFFF)
    #expect(state.mmx(3) == 0)
    #expect(state.mmx(0) == 5)
  }

  @Test("whatever registers, tables and code are, nothing traps, and a failure leaves no trace")
  func hostile() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SplitMix64(seed: seed)
    let codes = InstructionDecoderTests.encodings
    var executed = 0
    for _ in 0..<3000 {
      guard let encoding = codes.randomElement(using: &generator) else { continue }
      let mode: CPUMode = encoding.bits == 64 ? .long : .protected
      var guest = try AssistGuest(mode, encoding.bytes)
      func word() -> UInt64 {
        let value = generator.next()
        switch UInt8.random(in: 0...4, using: &generator) {
        case 0: return value
        case 1: return value & 0xFFFF
        case 2: return value & 0x1F_FFFF
        case 3: return UInt64.max
        default: return 0
        }
      }
      guest.processor.registers.rax = word()
      guest.processor.registers.rcx = word()
      guest.processor.registers.rdi = word()
      guest.processor.registers.rsp = word()
      guest.processor.registers.rflags = word() & ~0x2_0000
      guest.processor.special.idt.base = word()
      guest.processor.special.gdt.base = [0x1000, word()].randomElement(using: &generator) ?? 0
      guest.processor.special.tr.base = word()
      guest.processor.special.tr.limit = UInt32(truncatingIfNeeded: word())
      guest.processor.special.ss.limit = UInt32(truncatingIfNeeded: word())
      guest.processor.special.ss.type = UInt8(truncatingIfNeeded: word() & 7)
      guest.processor.special.cr4 |= word() & 0x37_0204
      if Bool.random(using: &generator) { guest.enterUserMode() }
      for vector in [1, 3, 4, 0x80] {
        _ = guest.memory.store(word(), at: GuestAddress(AssistGuest.idt + UInt64(vector) * 16))
      }
      let before = guest.processor.registers.rip
      if guest.interruption() == nil {
        executed += 1
      } else {
        #expect(guest.processor.registers.rip == before, "seed \(seed)")
      }
    }
    #expect(executed > 100, "seed \(seed)")
  }
}
