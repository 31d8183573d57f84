import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

/// What the guest `assist` cannot compare: the layouts of other modes, exceptions, and what is kept of the
/// last instruction.
@Suite("Assist: the x87's state in memory", .timeLimit(.minutes(5)))
struct X87StateTests {
  private static let fld: [UInt8] = [0xDD, 0x06]
  private static let (fnstenv, fldenv): ([UInt8], [UInt8]) = ([0xD9, 0x37], [0xD9, 0x27])
  private static let (fnsave, frstor): ([UInt8], [UInt8]) = ([0xDD, 0x37], [0xDD, 0x27])

  /// A guest of `mode` with 1.5 in ST0, loaded by `fldl` at 0x10_0000 from address 0x500.
  private func guest(_ mode: CPUMode) throws -> AssistGuest {
    var guest = try AssistGuest(mode, [])
    guest.processor.registers.rsi = AssistGuest.data
    guest.processor.registers.rdi = AssistGuest.result
    // In code of 16 bits SI and DI are the bases of other encodings.
    guest.processor.registers.rbx = AssistGuest.result
    _ = guest.memory.store((1.5).bitPattern, at: GuestAddress(AssistGuest.data))
    try guest.run(mode == .real ? [0xDD, 0x04] : Self.fld)
    return guest
  }

  private func result(_ guest: AssistGuest, _ count: Int, size: Int) throws -> [UInt64] {
    let bytes = try #require(
      guest.memory.read(count * size, at: GuestAddress(AssistGuest.result)))
    return (0..<count).map { bytes[($0 * size)...].prefix(size).littleEndian }
  }

  @Test("the environment of protected and long mode, with words of 32 and of 16 bits")
  func protectedLayout() throws {
    for mode in [CPUMode.protected, .long] {
      var guest = try guest(mode)
      try guest.run(Self.fnstenv)
      // TOP is 7, register 7 valid, all others empty; the opcode of `dd 06` is 506.
      let wide = try result(guest, 7, size: 4)
      #expect(
        wide == [
          0xFFFF_037F, 0xFFFF_3800, 0xFFFF_3FFF, 0x10_0000, 0x506_0000, 0x500, 0xFFFF_0000,
        ])
      try guest.run([0x66] + Self.fnstenv)
      #expect(try result(guest, 7, size: 2) == [0x37F, 0x3800, 0x3FFF, 0, 0, 0x500, 0])
    }
  }

  @Test("the environment of real mode, which has the addresses' upper bits beside the opcode")
  func realLayout() throws {
    var guest = try guest(.real)
    guest.processor.extended?.pointers = ExtendedState.Pointers(
      opcode: 0x506, instruction: 0xA_BCDE, operand: 0x9_8765)
    try guest.run([0xD9, 0x37])  // fnstenv (%bx)
    let narrow: [UInt64] = [0x37F, 0x3800, 0x3FFF, 0xBCDE, 0xA506, 0x8765, 0x9000]
    #expect(try result(guest, 7, size: 2) == narrow)
    try guest.run([0x66, 0xD9, 0x37])
    #expect(
      try result(guest, 7, size: 4) == [
        0xFFFF_037F, 0xFFFF_3800, 0xFFFF_3FFF, 0xFFFF_BCDE, 0xA506, 0xFFFF_8765, 0x9000,
      ])
    let pointers = guest.processor.extended?.pointers
    for prefix: [UInt8] in [[], [0x66]] {
      try guest.run(prefix + [0xD9, 0x37])
      guest.processor.extended?.initializeX87()
      try guest.run(prefix + [0xD9, 0x27])
      #expect(guest.processor.extended?.pointers == pointers)
      #expect(guest.st(0) == 1.5)
    }
  }

  @Test("tags tell zeros and special numbers; loaded, they tell empty registers alone")
  func tags() throws {
    var guest = try guest(.long)
    try guest.run([0xD9, 0xEE])  // fldz
    try guest.run([0xD9, 0xEB])  // fldpi
    guest.processor.extended?.setST(0, [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x7F])  // infinity
    try guest.run(Self.fnstenv)
    // From register 7 down: valid, zero, special, and five that are empty.
    #expect(try result(guest, 3, size: 4)[2] == 0xFFFF_1BFF)
    let tags = guest.processor.extended?.tags
    #expect(tags == 0xE0)
    _ = guest.memory.store(UInt16(0x03FF), at: GuestAddress(AssistGuest.result + 8))
    try guest.run(Self.fldenv)
    #expect(guest.processor.extended?.tags == tags)
  }

  @Test("FNSTENV masks every exception, FNSAVE initialises; both store what was pending")
  func pending() throws {
    for (code, control, status) in [
      (Self.fnstenv, UInt16(0x37F), UInt16(0x3804)), (Self.fnsave, 0x37F, 0),
    ] {
      var guest = try guest(.long)
      guest.processor.extended?.control = 0x37B
      guest.processor.extended?.status = 0xB884
      try guest.run(code)
      #expect(try result(guest, 2, size: 4) == [0xFFFF_037B, 0xFFFF_B884])
      #expect(guest.processor.extended?.control == control)
      #expect(guest.processor.extended?.status == status)
    }
  }

  @Test(
    "FRSTOR brings back what FNSAVE took, pending exceptions too, and both wait for none but before"
  )
  func restore() throws {
    var guest = try guest(.long)
    try guest.run([0xD9, 0xEB])  // fldpi
    guest.processor.extended?.control = 0x37B
    guest.processor.extended?.status |= 0x8084
    let before = try #require(guest.processor.extended)
    try guest.run(Self.fnsave)
    #expect(guest.processor.extended?.tags == 0)
    try guest.run(Self.frstor)
    #expect(guest.processor.extended == before)
    #expect(guest.st(1) == 1.5)
    for code in [Self.frstor, Self.fldenv] {
      guest.load(code)
      #expect(guest.interruption() == .fault(Fault(.x87FloatingPoint)))
    }
  }

  @Test("without an x87 they are #NM, and what cannot be stored changes nothing")
  func faults() throws {
    for code in [Self.fnstenv, Self.fldenv, Self.fnsave, Self.frstor] {
      var guest = try guest(.long)
      guest.load(code)
      guest.processor.special.cr0 |= ControlRegister.taskSwitched
      #expect(guest.interruption() == .deviceNotAvailable)
    }
    var guest = try guest(.long)
    let before = guest.processor.extended
    guest.load(Self.fnsave)
    guest.processor.registers.rdi = 1 << 60
    #expect(guest.interruption() == .fault(Fault(.generalProtection, 0)))
    #expect(guest.processor.extended == before)
  }

  @Test("FNINIT leaves the physical registers where they are")
  func initialization() throws {
    var guest = try guest(.long)
    try guest.run([0xDB, 0xE3])
    #expect(guest.processor.extended?.top == 0)
    #expect(guest.st(7) == 1.5)
  }
}
