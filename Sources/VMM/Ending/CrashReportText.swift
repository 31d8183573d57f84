import CKVM
import KVM

extension CrashReport {
  /// Registers, instruction bytes and POST codes, as lines for a person.
  public var details: [String] {
    var lines: [String] = []
    if let registers { lines += Self.lines(of: registers) }
    if let specialRegisters { lines += Self.lines(of: specialRegisters) }
    for (name, bytes) in [("code", instruction), ("post", postCodes)] where !bytes.isEmpty {
      lines.append(name + bytes.map { " " + pad($0, 2) }.joined())
    }
    return lines
  }

  private static func lines(of registers: Registers) -> [String] {
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

  private static func lines(of special: SpecialRegisters) -> [String] {
    let segments = [
      ("cs", special.cs), ("ss", special.ss), ("ds", special.ds), ("es", special.es),
      ("fs", special.fs), ("gs", special.gs), ("tr", special.tr),
    ]
    return [
      row([("cr0", special.cr0), ("cr2", special.cr2), ("cr3", special.cr3)]),
      row([("cr4", special.cr4), ("cr8", special.cr8), ("efer", special.efer)]),
    ]
      + segments.map { name, segment in
        "\(name)  \(pad(segment.selector, 4)) base \(pad(segment.base, 16)) limit "
          + "\(pad(segment.limit, 8)) type \(pad(segment.type, 1)) dpl \(segment.dpl) "
          + "db \(segment.db) l \(segment.l) g \(segment.g)"
      }
      + [
        "gdt base \(pad(special.gdt.base, 16)) limit \(pad(special.gdt.limit, 4))",
        "idt base \(pad(special.idt.base, 16)) limit \(pad(special.idt.limit, 4))",
      ]
  }

  private static func row(_ values: [(String, UInt64)]) -> String {
    values.map { "\($0) \(pad($1, 16))" }.joined(separator: "  ")
  }
}

/// Hexadecimal without prefix, padded to `digits`.
private func pad(_ value: some FixedWidthInteger, _ digits: Int) -> String {
  String(value.hexadecimal(digits: digits).dropFirst(2))
}
