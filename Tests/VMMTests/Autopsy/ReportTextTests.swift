import CKVM
import KVM
import TestSupport
import Testing

@testable import VMM

@Suite("Crash reports as text")
struct ReportTextTests {
  private func lines(_ builder: StateBuilder) -> [String] {
    CrashReport(
      cause: .tripleFault, state: builder.state, cpu: 0, resetsAtShutdown: false
    ).details(nil)
  }

  @Test("the verdict comes first, then registers, code, exits and walks")
  func order() throws {
    let builder = try StateBuilder(code: [0x0F, 0x0B]).with {
      $0.exits = [ExitRecord(kind: .out, address: 0x3F8, size: 1, count: 1, value: 0x48)]
      $0.special.cr2 = 0x7000_0000_0000
    }
    let lines = lines(builder)
    #expect(lines.first == "executed ud2 (#UD): the IDT limit is 0, so nothing handles it")
    let expected = [
      "r15 0000000000000000  rip 0000000000100000  flg 0000000000000002",
      "cr4 0000000000000020  cr8 0000000000000000  efer 0000000000000500",
      "64-bit long mode, CPL 0, 4-level paging",
      "gdt base 0000000000001000 limit 0047: 0 of 9 entries present",
      "idt base 0000000000000000 limit 0000: no entries",
      "code 0f 0b 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "last 1 exits: out 3f8 48",
      "walk of rip 00100000 -> 00100000, RAM, 2 MiB page",
      "  PML4E[0] at 10000: 11007 P W U",
      "  PDPTE[0] at 11000: 12007 P W U",
      "  PDE[0] at 12000: 87 P W U PS",
      "walk of rsp-8 0008fff8 -> 0008fff8, RAM, 2 MiB page",
      "  PML4E[0], PDPTE[0], PDE[0] as above",
      "walk of cr2 700000000000 -> nothing: its PML4E is not present",
      "  PML4E[224] at 10700: 0 not present",
    ]
    #expect(lines.filter(expected.contains) == expected)
  }

  @Test("it fits a screen")
  func size() throws {
    let builder = try StateBuilder(code: [0x0F, 0x0B]).with {
      $0.addGate(6, handler: .max)
      $0.special.cr2 = .max
      $0.exits = (0..<32).map {
        ExitRecord(
          kind: .store, address: 0xF_FFFF_FFFF_FFFF, size: 8, count: 1,
          value: .max - UInt64($0))
      }
    }
    let lines = lines(builder)
    #expect(lines.filter { $0.count > 78 } == [])
    #expect(lines.count < 80)
  }

  @Test("gates of the exceptions that matter")
  func gates() throws {
    let builder = try StateBuilder().with { $0.addGate(13, handler: 0xFFFF_8000_1234_5678) }
    let lines = lines(builder)
    #expect(lines.contains("idt base 0000000000008000 limit 0fff: 1 of 256 entries present"))
    #expect(lines.contains("gates: #UD none, #DF none, #GP 08:ffff800012345678, #PF none"))
  }

  @Test("a table that is only partly mapped is counted as far as it can be read")
  func unreadable() throws {
    let builder = try StateBuilder().with {
      // RAM ends at 2 MiB.
      $0.special.gdt.base = 0x1F_FFF0
      $0.special.gdt.limit = 0xFFFF
      _ = $0.memory.store(UInt64(1) << 47, at: 0x1F_FFF8)
    }
    #expect(
      lines(builder).contains(
        "gdt base 00000000001ffff0 limit ffff: 1 of 8192 present, 2 readable"))
  }

  @Test("exits that repeat are counted, and a cycle is shown once")
  func repeatedExits() {
    let read = ExitRecord(kind: .in, address: 0x3FD, size: 1, count: 1, value: 0x60)
    let write = ExitRecord(kind: .out, address: 0x3F8, size: 1, count: 1, value: 0x41)
    #expect(
      ExitRecord.summaries(of: [read, read, write]) == ["in 3fd 60 (2 times)", "out 3f8 41"])
    #expect(Array(ExitRecord.cycle(of: [read, write, read, write, read, write])) == [read, write])
    #expect(Array(ExitRecord.cycle(of: [read, write, read, write])).count == 4)
    #expect(Array(ExitRecord.cycle(of: [read, read, read])) == [read])
    let string = ExitRecord(kind: .out, address: 0x1F0, size: 2, count: 256, value: 0xABC)
    #expect(ExitRecord.summaries(of: [string]) == ["rep out 1f0 0abc and 255 more"])
  }

  @Test("random registers over random memory make a report in bounds")
  func hostile() throws {
    let seed: UInt64 = 0xDEAD_60A7
    var random = SplitMix64(seed: seed)
    let builder = try StateBuilder()
    for address in stride(from: UInt64(0), to: 2 << 20, by: 8) {
      _ = builder.memory.store(random.next() & 0x80_0000_001F_FFFF | 1, at: GuestAddress(address))
    }
    for _ in 0..<300 {
      let hostile = builder.with {
        $0.registers.rip = random.next() >> (random.next() % 64)
        $0.registers.rsp = random.next() >> (random.next() % 64)
        $0.special.cr0 = random.next()
        $0.special.cr2 = random.next()
        $0.special.cr3 = random.next() & 0x1F_FFFF
        $0.special.cr4 = random.next()
        $0.special.efer = random.next()
        $0.special.cs.base = random.next() >> (random.next() % 64)
        $0.special.cs.l = UInt8(random.next() & 1)
        $0.special.cs.db = UInt8(random.next() & 1)
        $0.special.gdt.base = random.next() >> (random.next() % 64)
        $0.special.gdt.limit = UInt16(truncatingIfNeeded: random.next())
        $0.special.idt.base = random.next() >> (random.next() % 64)
        $0.special.idt.limit = UInt16(truncatingIfNeeded: random.next())
        $0.special.tr.base = random.next()
        $0.special.tr.limit = .max
      }
      let lines = lines(hostile)
      #expect(lines.filter { $0.count > 78 } == [], "seed \(seed)")
      #expect((15..<60).contains(lines.count), "seed \(seed)")
    }
  }
}
