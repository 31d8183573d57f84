import KVM

extension CrashReport {
  /// The verdict if there is one, and everything that is known, in lines for a person.
  public var details: [String] { details(.installed) }

  /// ``details`` with another disassembler than the host's own, or none.
  public func details(_ disassembler: Disassembler?) -> [String] {
    guard let state else { return [] }
    let instructions = state.instructions(disassembler)
    return sentence(verdict(instructions))
      + state.lines(instructions, hasDisassembler: disassembler != nil)
      + (postCodes.isEmpty ? [] : ["post" + postCodes.map { " " + pad($0, 2) }.joined()])
  }

  /// Why the guest crashed, where that can be told for sure.
  public func verdict(_ disassembler: Disassembler? = .installed) -> String? {
    state.flatMap { verdict($0.instructions(disassembler)) }
  }

  private func verdict(_ instructions: [DisassembledInstruction]) -> String? {
    state.flatMap {
      Verdict(
        cause: cause, state: $0, resetsAtShutdown: resetsAtShutdown, instructions: instructions,
        isAssisted: isAssisted
      ).sentence
    }
  }
}

extension VCPUState {
  /// Where a vCPU was that did nothing wrong: a headline, then its code and last exits, in lines for
  /// a person.
  public func summary(_ disassembler: Disassembler? = .installed) -> [String] {
    switch mpState {
    case .uninitialized?, .initReceived?: return [headline]
    default:
      let instructions = instructions(disassembler)
      let verdict = Verdict(
        cause: nil, state: self, resetsAtShutdown: false, instructions: instructions)
      return [headline] + sentence(verdict.sentence)
        + shortLines(instructions, hasDisassembler: disassembler != nil)
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

/// `text` in lines; none if there is none.
private func sentence(_ text: String?) -> [String] {
  wrapped(words(text ?? ""))
}
