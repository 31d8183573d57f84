import Testing

@testable import VMM

extension MachineTests {
  /// Guests that really crash, each in another way.
  @Suite("Autopsies of real guests")
  struct AutopsyGuestTests {
    private static let noHandler = ": the IDT limit is 0, so nothing handles it"
    /// `movabs $0x700000000000, %rax`: an address that the entry state does not map.
    private static let loadUnmapped: [UInt8] = [0x48, 0xB8] + little(UInt64(0x7000_0000_0000))
    /// Goes on at CPL 3.
    private static let dropPrivilege: [UInt8] = [
      0x6A, 0x23,  // push $0x23         SS
      0x54,  // push %rsp
      0x6A, 0x02,  // push $2            RFLAGS
      0x6A, 0x2B,  // push $0x2B         CS
      0x48, 0x8D, 0x05, 0x03, 0x00, 0x00, 0x00,  // lea 3(%rip), %rax
      0x50,  // push %rax
      0x48, 0xCF,  // iretq
    ]

    @Test(
      "the verdict",
      arguments: [
        ([0x0F, 0x0B], "executed ud2 (#UD)" + noHandler),
        ([0x31, 0xC9, 0xF7, 0xF1], "divided by 0 (#DE)" + noHandler),
        (loadUnmapped + [0x8B, 0x00], "page fault at 0x700000000000 (#PF)" + noHandler),
        (
          loadUnmapped + [0xFF, 0xE0],  // jmp *%rax
          "RIP 0x700000000000 is not mapped: its PML4E is not present"
        ),
        (dropPrivilege + [0xF4], "executed hlt at CPL 3 (#GP)" + noHandler),
        (
          // mov $0xD0000000, %esp; push %rax; ret
          [0xBC, 0x00, 0x00, 0x00, 0xD0, 0x50, 0xC3],
          "RIP 0xffffffffffffffff is not mapped: its PML4E is not present; "
            + "the stack pointer 0xd0000000 lies outside RAM, which ends at 0x1000000"
        ),
        (
          [0x60],
          "executed pusha, which does not exist in 64-bit long mode: "
            + "was the image built for 32-bit mode (--mode protected)?"
        ),
        (
          // mov $0x800000, %eax; jmp *%rax, where %rax as a pointer is RAM: zeros run to the end.
          [0xB8, 0x00, 0xFF, 0xFF, 0x00, 0xFF, 0xE0],
          "ran through zeroed memory to the end of RAM: was the image loaded where it was linked?"
        ),
        (
          // mov $0xD0000000, %eax; jmp *%rax
          [0xB8, 0x00, 0x00, 0x00, 0xD0, 0xFF, 0xE0],
          "RIP 0xd0000000 lies outside RAM, which ends at 0x1000000"
        ),
      ] as [([UInt8], String)])
    func verdict(code: [UInt8], verdict: String) throws {
      let report = try #require(try TestMachine(.code(code)).run().crash)
      #expect(report.verdict(nil) == verdict)
    }

    @Test("an emulation failure names the instruction")
    func emulationFailure() throws {
      let report = try #require(try TestMachine(.guest("badopcode")).run().crash)
      #expect(
        report.verdict(nil)
          == "executed the instruction that begins with dd 00 fa, "
          + "which this host's KVM does not emulate at CPL 0")
      guard let disassembler = Disassembler.installed else { return }
      #expect(
        report.verdict(disassembler)
          == "executed dd 00 (fld qword ptr [rax]), "
          + "which this host's KVM does not emulate at CPL 0")
    }

    @Test("the last exits, the oldest first, with what they read and wrote")
    func exits() throws {
      let code = GuestCode {
        for value in UInt8(0)..<40 { $0.out8(0x80, value) }
        $0.out16(0x80, 0x1234)
        $0.append([0xE5, 0x84])  // in $0x84, %eax
        $0.store32(0xAABB_CCDD, at: 0xD000_0000)
        $0.append([0x0F, 0x0B])
      }
      let report = try #require(try TestMachine(.code(code.bytes)).run().crash)
      let exits = try #require(report.state?.exits)
      #expect(exits.count == 32)
      #expect(exits.prefix(29).map(\.value) == (11..<40).map { $0 })
      #expect(
        exits.suffix(3) == [
          ExitRecord(kind: .out, address: 0x80, size: 2, count: 1, value: 0x1234),
          ExitRecord(kind: .in, address: 0x84, size: 4, count: 1, value: 0xFFFF_FFFF),
          ExitRecord(kind: .store, address: 0xD000_0000, size: 4, count: 1, value: 0xAABB_CCDD),
        ])
    }

    @Test("a time limit shows where each vCPU was")
    func timeout() throws {
      let machine = try TestMachine(.code(GuestCode { $0.spin() }.bytes)) { $0.cpuCount = 2 }
      try machine.machine.start()
      machine.machine.stop(.timeout)
      #expect(machine.end().label == "timeout")
      let states = machine.machine.lastStates
      #expect(states.map(\.cpu) == [0, 1])
      #expect(
        states.first?.summary(nil).prefix(2) == [
          "vCPU 0 was at 0x100000, 64-bit long mode, CPL 0",
          "it jumped to itself for ever, with interrupts off",
        ])
      #expect(states.last?.summary(nil) == ["vCPU 1 waits for its start-up interrupt"])
    }

    @Test("an end that needs no explanation keeps no states")
    func noStates() throws {
      let machine = try TestMachine(.code(GuestCode { $0.halt() }.bytes))
      #expect(try machine.run().label == "halted")
      #expect(machine.machine.lastStates.isEmpty)
    }
  }
}
