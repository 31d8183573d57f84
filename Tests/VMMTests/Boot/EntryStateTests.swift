import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

extension MachineTests {
  /// The entry state as `guests/README.md` documents it.
  @Suite struct EntryStateTests {
    /// What the vCPUs of a new machine hold: the first one, and one that nobody has touched.
    private func state(
      _ mode: CPUMode, entry: GuestAddress? = nil
    ) throws -> (registers: Registers, special: [String: UInt64], reset: [String: UInt64]) {
      let image = try FlatImage.code(
        [UInt8](repeating: 0xF4, count: 64), mode: mode, loadAddress: entry)
      let hypervisor = try Hypervisor()
      let cpuid = try hypervisor.supportedCPUID()
      let board = try Board(hypervisor, MachineConfiguration())
      let vcpu = try board.makeVCPU(id: 0, cpuid: cpuid, entry: EntryState(image: image))
      // A machine of its own: without an interrupt controller there is one vCPU.
      let other = try Board(hypervisor, MachineConfiguration())
      let untouched = try other.makeVCPU(id: 0, cpuid: cpuid, entry: nil)
      var reset = try untouched.specialRegisters().fields
      // One vCPU has no local APIC.
      reset["apic_base"]? &= ~(1 << 11)
      return (try vcpu.registers(), try vcpu.specialRegisters().fields, reset)
    }

    @Test("real mode, to the bit")
    func real() throws {
      let (registers, special, reset) = try state(.real)
      #expect(
        registers.fields
          == Registers.zero(with: [
            "rip": 0x7C00, "rsp": 0x7C00, "rdi": 0x6000, "rdx": 0x80, "rflags": 2,
          ]))
      var expected = reset
      expected.set("cs", base: 0, selector: 0)
      for name in ["ds", "es", "ss", "fs", "gs"] { expected.set(name, base: 0, selector: 0) }
      expected["idt.limit"] = 0x3FF
      #expect(special.differences(from: expected) == [])
    }

    @Test("real mode above 64 KiB: the segment holds what IP does not")
    func realHigh() throws {
      let (registers, special, _) = try state(.real, entry: 0x1_2340)
      #expect(registers.rip == 0)
      #expect(special["cs.selector"] == 0x1234)
      #expect(special["cs.base"] == 0x1_2340)
    }

    @Test("protected mode, to the bit")
    func protected() throws {
      let (registers, special, reset) = try state(.protected)
      #expect(
        registers.fields
          == Registers.zero(with: [
            "rip": 0x10_0000, "rsp": 0x9_0000, "rdi": 0x6000, "rax": 0x4C4E_4353, "rflags": 2,
          ]))
      var expected = reset
      expected.setFlatTables()
      expected.setFlat("cs", selector: 0x18, type: 0xB, db: 1, l: 0)
      expected["cr0"] = 0x11
      #expect(special.differences(from: expected) == [])
    }

    @Test("long mode, to the bit")
    func long() throws {
      let (registers, special, reset) = try state(.long)
      #expect(
        registers.fields
          == Registers.zero(with: [
            "rip": 0x10_0000, "rsp": 0x9_0000, "rdi": 0x6000, "rax": 0x4C4E_4353, "rflags": 2,
          ]))
      var expected = reset
      expected.setFlatTables()
      expected.setFlat("cs", selector: 0x08, type: 0xB, db: 0, l: 1)
      expected["cr0"] = 0x8001_0033
      expected["cr3"] = 0x1_0000
      expected["cr4"] = 0x620
      expected["efer"] = 0x500
      #expect(special.differences(from: expected) == [])
    }

    @Test("a guest finds the registers that were promised")
    func seenByTheGuest() throws {
      // fldl 0x70000000, where there is no memory: no KVM emulates it there, and neither does the
      // assist.
      let fault: [UInt8] = [0xDD, 0x04, 0x25] + little(UInt32(0x7000_0000))
      let machine = try TestMachine(.code(fault))
      let report = try #require(try machine.run().crash)
      let registers = try #require(report.registers)
      #expect(
        registers.fields.filter { $0.value != 0 } == [
          "rip": 0x10_0000, "rsp": 0x9_0000, "rdi": 0x6000, "rax": 0x4C4E_4353, "rflags": 2,
        ])
      let special = try #require(report.specialRegisters).fields
      #expect(special["cr0"] == 0x8001_0033)
      #expect(special["cr3"] == 0x1_0000)
      #expect(special["cr4"] == 0x620)
      #expect(special["efer"] == 0x500)
      #expect(special["cs.selector"] == 0x08)
      #expect(special["tr.selector"] == 0x38)
    }
  }
}

extension Registers {
  fileprivate var fields: [String: UInt64] {
    [
      "rax": rax, "rbx": rbx, "rcx": rcx, "rdx": rdx, "rsi": rsi, "rdi": rdi, "rsp": rsp,
      "rbp": rbp, "r8": r8, "r9": r9, "r10": r10, "r11": r11, "r12": r12, "r13": r13, "r14": r14,
      "r15": r15, "rip": rip, "rflags": rflags,
    ]
  }

  fileprivate static func zero(with fields: [String: UInt64]) -> [String: UInt64] {
    Registers().fields.merging(fields) { _, new in new }
  }
}

extension SpecialRegisters {
  fileprivate var fields: [String: UInt64] {
    var fields = [
      "cr0": cr0, "cr2": cr2, "cr3": cr3, "cr4": cr4, "cr8": cr8, "efer": efer,
      "apic_base": apic_base, "gdt.base": gdt.base, "gdt.limit": UInt64(gdt.limit),
      "idt.base": idt.base, "idt.limit": UInt64(idt.limit),
    ]
    let segments = [
      ("cs", cs), ("ds", ds), ("es", es), ("fs", fs), ("gs", gs), ("ss", ss), ("tr", tr),
      ("ldt", ldt),
    ]
    for (name, segment) in segments {
      let values: [(String, UInt64)] = [
        ("base", segment.base), ("limit", UInt64(segment.limit)),
        ("selector", UInt64(segment.selector)), ("type", UInt64(segment.type)),
        ("present", UInt64(segment.present)), ("dpl", UInt64(segment.dpl)),
        ("db", UInt64(segment.db)), ("s", UInt64(segment.s)), ("l", UInt64(segment.l)),
        ("g", UInt64(segment.g)), ("avl", UInt64(segment.avl)),
        ("unusable", UInt64(segment.unusable)),
      ]
      for (field, value) in values { fields["\(name).\(field)"] = value }
    }
    return fields
  }
}

extension [String: UInt64] {
  fileprivate mutating func set(_ name: String, base: UInt64, selector: UInt64) {
    self["\(name).base"] = base
    self["\(name).selector"] = selector
  }

  /// A present 4 GiB segment of CPL 0 from 0.
  fileprivate mutating func setFlat(
    _ name: String, selector: UInt64, type: UInt64, db: UInt64, l: UInt64
  ) {
    set(name, base: 0, selector: selector)
    let values = [
      "limit": 0xFFFF_FFFF, "type": type, "present": 1, "dpl": 0, "db": db, "s": 1, "l": l, "g": 1,
      "avl": 0, "unusable": 0,
    ]
    for (field, value) in values { self["\(name).\(field)"] = value }
  }

  /// What protected and long mode have in common: data segments, TR, GDTR, IDTR.
  fileprivate mutating func setFlatTables() {
    for name in ["ds", "es", "fs", "gs", "ss"] {
      setFlat(name, selector: 0x10, type: 0x3, db: 1, l: 0)
    }
    set("tr", base: 0x2000, selector: 0x38)
    let values: [String: UInt64] = [
      "limit": 0x2068, "type": 0xB, "present": 1, "dpl": 0, "db": 0, "s": 0, "l": 0, "g": 0,
    ]
    for (field, value) in values { self["tr.\(field)"] = value }
    self["gdt.base"] = 0x1000
    self["gdt.limit"] = 0x47
    self["idt.base"] = 0
    self["idt.limit"] = 0
  }

  /// The fields that differ, in words.
  fileprivate func differences(from expected: Self) -> [String] {
    Set(keys).union(expected.keys).sorted().filter { self[$0] != expected[$0] }.map {
      "\($0): \((self[$0] ?? 0).hexadecimal), expected \((expected[$0] ?? 0).hexadecimal)"
    }
  }
}
