import KVM

extension CrashReport {
  /// The verdict if there is one, and everything that is known, in lines for a person.
  public var details: [String] { details(.installed) }

  /// ``details`` with another disassembler than the host's own, or none.
  public func details(_ disassembler: Disassembler?) -> [String] {
    guard let state else { return [] }
    let instructions = state.instructions(disassembler)
    return Self.wrapped(verdict(instructions))
      + state.lines(instructions, hasDisassembler: disassembler != nil)
  }

  /// Why the guest crashed, where that can be told for sure.
  public func verdict(_ disassembler: Disassembler? = .installed) -> String? {
    state.flatMap { verdict($0.instructions(disassembler)) }
  }

  private func verdict(_ instructions: [DisassembledInstruction]) -> String? {
    state.flatMap {
      Verdict(
        cause: cause, state: $0, resetsAtShutdown: resetsAtShutdown, instructions: instructions
      ).sentence
    }
  }

  /// The sentence in lines of at most 78 characters.
  private static func wrapped(_ sentence: String?) -> [String] {
    var lines: [String] = []
    for word in (sentence ?? "").split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= 78 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}

extension VCPUState {
  /// Where a vCPU was that did nothing wrong: a headline, then its code and last exits, in lines for
  /// a person.
  public func summary(_ disassembler: Disassembler? = .installed) -> [String] {
    switch mpState {
    case .uninitialized?, .initReceived?: return [headline]
    default:
      return [headline]
        + shortLines(instructions(disassembler), hasDisassembler: disassembler != nil)
    }
  }

  /// Where the vCPU was, in a line.
  public var headline: String {
    switch mpState {
    case .uninitialized?, .initReceived?: "vCPU \(cpu) waits for its start-up interrupt"
    case .halted?: "vCPU \(cpu) waits for an interrupt at \(place)"
    default: "vCPU \(cpu) was at \(place)"
    }
  }
}
