import KVM

extension Guest {
  /// A real-mode guest with in-kernel interrupt controllers that sleeps until IRQ 4, and then
  /// writes to port 0x99. IRQ 4 is vector 0x24.
  static func waitingForIRQ4(
    prepare: (borrowing VirtualMachine) throws -> Void = { _ in }
  ) throws -> Guest {
    let guest = try Guest(
      .real,
      code: [
        0xB0, 0x11, 0xE6, 0x20,  // mov al, 0x11; out 0x20, al: initialize, ICW4 follows
        0xB0, 0x20, 0xE6, 0x21,  // vectors from 0x20
        0xB0, 0x04, 0xE6, 0x21,  // the second PIC is at line 2
        0xB0, 0x01, 0xE6, 0x21,  // 8086 mode
        0xB0, 0xEF, 0xE6, 0x21,  // only IRQ 4 unmasked
        0xE6, 0x98,  // out 0x98, al: ready
        0xFB,  // sti
        0xF4,  // hlt
        0xEB, 0xFD,  // jmp to hlt
      ]
    ) { machine in
      try machine.makeIRQChip()
      try prepare(machine)
    }
    guest.write([0x00, 0x11, 0x00, 0x00], at: 0x24 * 4)  // vector 0x24 -> 0000:1100
    guest.write(
      [
        0xB0, 0x20, 0xE6, 0x20,  // mov al, 0x20; out 0x20, al: end of interrupt
        0xE6, 0x99,  // out 0x99, al
        0xCF,  // iret
      ], at: 0x1100)
    guard case .portIO(let ready) = try guest.run(), ready.port == 0x98 else { throw NotReady() }
    return guest
  }

  /// Runs until the interrupt's handler has written to its port.
  func runUntilInterrupt() throws {
    let exit = try run()
    guard case .portIO(let io) = exit, io.port == 0x99 else { throw Unexpected(exit) }
  }

  private struct NotReady: Error {}
}
