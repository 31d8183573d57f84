import CKVM
import KVM

extension VCPUState {
  /// Everything, in lines of at most 78 characters: registers, code, exits, page walks.
  func lines(_ instructions: [DisassembledInstruction], hasDisassembler: Bool) -> [String] {
    generalRegisters + controlRegisters + segments + tables + debug + pending
      + shortLines(instructions, hasDisassembler: hasDisassembler) + walks
  }

  /// Where the vCPU was, without its registers: for one that did nothing wrong.
  func shortLines(_ instructions: [DisassembledInstruction], hasDisassembler: Bool) -> [String] {
    codeLines(instructions, hasDisassembler: hasDisassembler) + exitLines(exits)
  }

  /// RIP, mode and privilege level.
  var place: String {
    "\(registers.rip.hexadecimal), \(mode.summary), CPL \(specialRegisters.privilegeLevel)"
  }
}

// MARK: - Registers

extension VCPUState {
  private var generalRegisters: [String] {
    let rows: [[(String, UInt64)]] = [
      [("rax", registers.rax), ("rbx", registers.rbx), ("rcx", registers.rcx)],
      [("rdx", registers.rdx), ("rsi", registers.rsi), ("rdi", registers.rdi)],
      [("rbp", registers.rbp), ("rsp", registers.rsp), ("r8 ", registers.r8)],
      [("r9 ", registers.r9), ("r10", registers.r10), ("r11", registers.r11)],
      [("r12", registers.r12), ("r13", registers.r13), ("r14", registers.r14)],
      [("r15", registers.r15), ("rip", registers.rip), ("flg", registers.rflags)],
    ]
    return rows.map(row)
  }

  private var controlRegisters: [String] {
    let special = specialRegisters
    return [
      row([("cr0", special.cr0), ("cr2", special.cr2), ("cr3", special.cr3)]),
      row([("cr4", special.cr4), ("cr8", special.cr8), ("efer", special.efer)]),
      "\(mode.summary), CPL \(special.privilegeLevel), \(instructionWalk.paging)",
    ]
  }

  /// One line for each set of segment registers that hold the same.
  private var segments: [String] {
    let special = specialRegisters
    let all =
      [
        ("cs", special.cs), ("ss", special.ss), ("ds", special.ds), ("es", special.es),
        ("fs", special.fs), ("gs", special.gs), ("tr", special.tr),
      ] + (special.ldt.selector == 0 ? [] : [("ldt", special.ldt)])
    var groups: [(names: [String], text: String)] = []
    for (name, segment) in all {
      let text = segment.unusable != 0 ? "unusable" : describe(segment)
      if let index = groups.firstIndex(where: { $0.text == text }) {
        groups[index].names.append(name)
      } else {
        groups.append(([name], text))
      }
    }
    return groups.flatMap {
      wrapped(["\($0.names.joined(separator: " ")):"] + words($0.text), indent: "  ")
    }
  }

  private func describe(_ segment: Segment) -> String {
    let bits = segment.l != 0 ? 64 : segment.db != 0 ? 32 : 16
    let kind =
      segment.s == 0 ? "system" : segment.type & 8 != 0 ? "\(bits)-bit code" : "data"
    return "\(pad(segment.selector, 4)) base \(pad(segment.base, 8)) limit "
      + "\(pad(segment.limit, 8)) \(kind), type \(pad(segment.type, 1)) dpl \(segment.dpl)"
      + (segment.present == 0 ? ", p 0" : "")
  }

  private var tables: [String] {
    let interrupts = describe(idt.isVectorTable ? "ivt" : "idt", idt.table)
    guard idt.table.present > 0, !idt.isVectorTable else {
      return [describe("gdt", gdt), interrupts]
    }
    let handlers = [ProcessorException.invalidOpcode, .doubleFault, .generalProtection, .pageFault]
      .map { exception in
        let gate = idt.exceptions[Int(exception.rawValue)]
        return "\(exception.name) "
          + (gate.map { "\(pad($0.selector, 2)):\(pad($0.offset, 1))" } ?? "none")
      }
    return [describe("gdt", gdt), interrupts] + wrapped(["gates:"] + listed(handlers), indent: "  ")
  }

  private func describe(_ name: String, _ table: DescriptorTableSummary) -> String {
    let entries =
      table.count == 0
      ? "no entries"
      : table.readable < table.count
        ? "\(table.present) of \(table.count) present, \(table.readable) readable"
        : "\(table.present) of \(table.count) entries present"
    return "\(name) base \(pad(table.base, 16)) limit \(pad(table.limit, 4)): \(entries)"
  }

  /// DR6 after a reset: no cause of a #DB. Intel SDM volume 3, section 11.1.1 table.
  private static let quietDR6: UInt64 = 0xFFFF_0FF0
  /// The enable bits of DR7.
  private static let enabledBreakpoints: UInt64 = 0xFF

  /// Nothing unless the guest uses them.
  private var debug: [String] {
    guard let dr = debugRegisters,
      dr.dr6 != Self.quietDR6 || dr.dr7 & Self.enabledBreakpoints != 0
    else { return [] }
    return [
      row([("dr0", dr.db.0), ("dr1", dr.db.1), ("dr2", dr.db.2)]),
      row([("dr3", dr.db.3), ("dr6", dr.dr6), ("dr7", dr.dr7)]),
    ]
  }

  /// Exceptions and interrupts on their way into the guest.
  private var pending: [String] {
    guard let events else { return [] }
    var names: [String] = []
    if events.exception.injected != 0 || events.exception.pending != 0 {
      let exception = ProcessorException(rawValue: events.exception.nr)
      names.append(
        exception.name
          + (events.exception.has_error_code != 0
            ? " (error code \(events.exception.error_code.hexadecimal))" : ""))
    }
    if events.interrupt.injected != 0 {
      names.append("interrupt \(events.interrupt.nr.hexadecimal)")
    }
    if events.nmi.injected != 0 || events.nmi.pending != 0 { names.append("NMI") }
    return names.isEmpty ? [] : ["being delivered: \(names.joined(separator: ", "))"]
  }
}

// MARK: - Code and exits

extension VCPUState {
  private func codeLines(
    _ instructions: [DisassembledInstruction], hasDisassembler: Bool
  ) -> [String] {
    guard !code.isEmpty else { return ["code: none readable at RIP"] }
    let bytes = "code \(Array(code.prefix(Self.longestInstruction)).hexadecimal)"
    guard hasDisassembler else { return [bytes, Disassembler.remedy] }
    guard !instructions.isEmpty else { return [bytes, "=> no valid instruction"] }
    return [bytes]
      + instructions.enumerated().map { index, instruction in
        let address = "\(index == 0 ? "=>" : "  ") \(pad(instruction.address, 8)):"
        return "\(address)  \(instruction.text)"
      }
  }

  private func exitLines(_ exits: [ExitRecord]) -> [String] {
    guard !exits.isEmpty else { return ["exits: none to a device"] }
    let cycle = ExitRecord.cycle(of: exits)
    let head = "last \(exits.count) exits\(cycle.count < exits.count ? ", over and over" : ""):"
    return wrapped([head] + listed(ExitRecord.summaries(of: cycle)), indent: "  ")
  }
}
