import CKVM
import Testing

@testable import KVM

@Suite("Guest debugging", .needs(.setGuestDebug), .timeLimit(.minutes(5)))
struct GuestDebugTests {
  @Test func `single steps stop after every instruction`() throws {
    let guest = try Guest(
      .protected,
      code: [
        0x90,  // nop
        0x40,  // inc eax
        0x89, 0xC3,  // mov ebx, eax
        0xF4,  // hlt
      ])
    try guest.vcpu.setGuestDebug(GuestDebug([.enable, .singleStep]))
    for address: UInt64 in [0x1001, 0x1002, 0x1004] {
      let exit = try guest.run()
      guard case .debug(let debug) = exit else { throw Unexpected(exit) }
      #expect(debug.exception == 1 && debug.pc == address)
      #expect(debug.dr6 & 1 << 14 != 0)  // BS: a single step
    }
    try guest.vcpu.setGuestDebug(GuestDebug())
    let end = try guest.run()
    guard case .halt = end else { throw Unexpected(end) }
  }

  @Test func `a hardware breakpoint stops before its instruction, or the host says it has none`()
    throws
  {
    let guest = try Guest(.protected, code: [0x90, 0x90, 0x90, 0xF4])  // nop; nop; nop; hlt
    // DR7: breakpoint 0 enabled (L0), for execution.
    try guest.vcpu.setGuestDebug(
      GuestDebug([.enable, .hardwareBreakpoints], addresses: [0x1002, 0, 0, 0], dr7: 0x401))
    var exit = try guest.run()
    if case .debug(let debug) = exit {
      #expect(debug.pc == 0x1002 && debug.dr6 & 1 == 1)
      try guest.vcpu.setGuestDebug(GuestDebug())
      exit = try guest.run()
    } else {
      #expect(!Host.has(.hardwareBreakpoints))
    }
    guard case .halt = exit else { throw Unexpected(exit) }
  }
}
