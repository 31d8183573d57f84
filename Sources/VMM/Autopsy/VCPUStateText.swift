import CKVM
import KVM

extension VCPUState {
  /// Everything, in lines of at most 78 characters: registers, code, exits, page walks.
  func lines(_ instructions: [DisassembledInstruction], hasDisassembler: Bool) -> [String] {
    generalRegisters + controlRegisters + segments + tables + debug + pending
      + codeLines(instructions, hasDisassembler: hasDisassembler) + exitLines(exits) + walks
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
    let all = [
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
    return groups.map { "\($0.names.joined(separator: " ")): \($0.text)" }
  }

  private func describe(_ segment: Segment) -> String {
    let bits = segment.l != 0 ? 64 : segment.db != 0 ? 32 : 16
    let kind =
      segment.s == 0 ? "system" : segment.type & 8 != 0 ? "\(bits)-bit code" : "data"
    return "\(pad(segment.selector, 4)) base \(pad(segment.base, 8)) limit "
      + "\(pad(segment.limit, 8)) \(kind), type \(pad(segment.type, 1)) dpl \(segment.dpl)"
      + (segment.present == 0 ? ", not present" : "")
  }

  private var tables: [String] {
    let interrupts = "\(describe("idt", idt.table))\(idt.isVectorTable ? ", real mode" : "")"
    guard idt.table.present > 0, !idt.isVectorTable else {
      return [describe("gdt", gdt), interrupts]
    }
    let handlers = [ProcessorException.invalidOpcode, .doubleFault, .generalProtection, .pageFault]
      .map { exception in
        let gate = idt.exceptions[Int(exception.rawValue)]
        return "\(exception.name) "
          + (gate.map { "\(pad($0.selector, 2)):\(pad($0.offset, 1))" } ?? "none")
      }
    return [describe("gdt", gdt), interrupts] + wrapped("gates:", handlers)
  }

  private func describe(_ name: String, _ table: DescriptorTableSummary) -> String {
    let entries =
      table.readable < table.count
      ? "\(table.present) of \(table.count) entries present, only \(table.readable) readable"
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
    return wrapped("last \(exits.count) exits:", ExitRecord.summaries(of: exits))
  }
}

extension ExitRecord {
  /// One text for each access, or for several in a row that are the same.
  static func summaries(of records: [ExitRecord]) -> [String] {
    var groups: [(record: ExitRecord, times: Int)] = []
    for record in records {
      if let last = groups.last, last.record == record {
        groups[groups.count - 1].times += 1
      } else {
        groups.append((record, 1))
      }
    }
    return groups.map { record, times in
      times == 1 ? record.summary : "\(record.summary) (\(times) times)"
    }
  }

  /// `out 3f8 48`: port or address, value in as many digits as it has; elements of strings.
  private var summary: String {
    let name =
      switch kind {
      case .in: "in"
      case .out: "out"
      case .load: "load"
      case .store: "store"
      }
    let text = "\(name) \(pad(address, 1)) \(pad(value, size * 2))"
    return count == 1 ? text : "rep \(text) and \(count - 1) more"
  }
}

// MARK: - Page walks

extension VCPUState {
  /// The walks; a walk begins after the entries that it shares with the one before.
  private var walks: [String] {
    guard instructionWalk.entries.count > 0 else {
      return [
        "paging is off: rip \(describe(instructionWalk)), stack \(describe(stackWalk))"
      ]
    }
    var shown = [
      ("rip", instructionWalk), (mode.bits == 64 ? "rsp-8" : "stack", stackWalk),
    ]
    // Without a page fault CR2 is 0, and nobody's address.
    if specialRegisters.cr2 != 0 { shown.append(("cr2", faultWalk)) }
    var lines: [String] = []
    var previous: [PageWalk.Entry] = []
    for (name, walk) in shown {
      let shared = zip(walk.entries, previous).prefix { $0 == $1 }.count
      previous = walk.entries
      lines.append("walk of \(name) \(describe(walk))")
      if shared > 0 {
        let names = walk.entries.prefix(shared).map { "\($0.name)[\($0.index)]" }
        lines.append("  \(names.joined(separator: ", ")) as above")
      }
      lines += walk.entries.dropFirst(shared).map(describe)
    }
    return lines
  }

  private func describe(_ walk: PageWalk) -> String {
    let start = "\(pad(walk.linear, 8)) -> "
    guard let physical = walk.physical else { return "\(start)nothing: \(walk.failure)" }
    let place =
      switch map.place(of: physical) {
      case .ram: "RAM"
      case .framebuffer: "framebuffer"
      case .nothing: "no memory"
      }
    if case .mapped(_, let size) = walk.outcome {
      return "\(start)\(pad(physical, 8)), \(place), \(Self.describe(pageSize: size)) page"
    }
    return "\(start)\(place)"
  }

  private static func describe(pageSize: UInt64) -> String {
    switch pageSize {
    case 1 << 30: "1 GiB"
    case 4 << 20: "4 MiB"
    case 2 << 20: "2 MiB"
    default: "4 KiB"
    }
  }

  private func describe(_ entry: PageWalk.Entry) -> String {
    let flags: [(UInt64, String)] = [
      (0, "present"), (1, "write"), (2, "user"), (5, "accessed"), (6, "dirty"), (7, "large"),
      (63, "no-execute"),
    ]
    let set = flags.filter { bit, name in
      entry.value >> bit & 1 != 0 && !(name == "large" && entry.name == "PTE")
    }
    let names = set.isEmpty ? "not present" : set.map(\.1).joined(separator: " ")
    return "  \(entry.name)[\(entry.index)] at \(pad(entry.address, 1)): \(pad(entry.value, 1)) "
      + (set.first?.1 == "present" || set.isEmpty ? names : "not present, \(names)")
  }
}

// MARK: - Text

/// Named values in a row.
private func row(_ values: [(String, UInt64)]) -> String {
  values.map { "\($0) \(pad($1, 16))" }.joined(separator: "  ")
}

/// `items` after `head`, separated by commas, in lines of at most 78 characters.
func wrapped(_ head: String, _ items: [String]) -> [String] {
  var lines = [head]
  for (index, item) in items.enumerated() {
    let text = index + 1 < items.count ? "\(item)," : item
    if lines[lines.count - 1].count + 1 + text.count <= 78 {
      lines[lines.count - 1] += " \(text)"
    } else {
      lines.append("  \(text)")
    }
  }
  return lines
}

/// Hexadecimal without prefix, padded to `digits`.
private func pad(_ value: some FixedWidthInteger, _ digits: Int) -> String {
  String(value.hexadecimal(digits: digits).dropFirst(2))
}
