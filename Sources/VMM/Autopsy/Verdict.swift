import CKVM
import KVM

/// Why a vCPU cannot go on, in a sentence, where that can be told.
///
/// A wrong verdict costs more than none: each rule rests on what the registers and the memory
/// prove, and what is only likely is put as a question.
struct Verdict {
  /// nil for a vCPU that was stopped from outside.
  let cause: CrashReport.Cause?
  let state: VCPUState
  let resetsAtShutdown: Bool
  let instructions: [DisassembledInstruction]
  /// Whether the emulation assist was on.
  var isAssisted = true

  /// nil where nothing can be told for sure.
  var sentence: String? {
    switch cause {
    case nil: misplaced ?? endlessLoop
    case .tripleFault:
      lostRegisters ?? misplaced ?? wrongMode ?? unsupportedPaging ?? unhandledException
        ?? badStackPointer
    case .emulationFailure:
      misplaced ?? wrongMode ?? unsupportedInstruction
    case .internalError(suberror: 3):
      // KVM_INTERNAL_ERROR_DELIVERY_EV
      "an exception or interrupt could not be delivered: the IDT, the handler's stack or the TSS "
        + "is not in RAM"
    case .failedEntry(let reason) where reason & 0xFFFF == 33:
      // VM-entry failure due to invalid guest state: Intel SDM volume 3, appendix C.
      "the guest's control and segment registers contradict each other"
    case .internalError, .failedEntry, .unhandledException, .unknownExit, .runFailed: misplaced
    }
  }

  /// A shutdown on AMD leaves the state as after INIT (APM volume 2, section 15.14.3, and KVM's
  /// `shutdown_interception`).
  private var lostRegisters: String? {
    guard resetsAtShutdown, state.registers.rip == 0xFFF0,
      state.specialRegisters.cs.selector == 0xF000
    else { return nil }
    return "an AMD host resets the registers at a triple fault: those below are of no use, only "
      + "the exits are from before"
  }
}

// MARK: - Where the vCPU was

extension Verdict {
  private static let mayBeMisplaced = "was the image loaded where it was linked?"
  /// This many bytes of 0 are no code: `add %al, (%rax)`, four times.
  private static let zeros = [UInt8](repeating: 0, count: 8)

  /// RIP where no code is, and what is wrong with the stack that may have led there.
  private var misplaced: String? {
    badInstructionPointer.map { reason in
      badStackPointer.map { "\(reason); \($0)" } ?? reason
    }
  }

  private var badInstructionPointer: String? {
    let address = state.instructionPointer
    let isZeroed = state.code.starts(with: Self.zeros)
    if address == 0, state.code.isEmpty || isZeroed {
      return "jumped to address 0: a null function pointer, or a return without a caller?"
    }
    guard let physical = state.instructionWalk.physical else {
      return "RIP \(address.hexadecimal) is not mapped: \(state.instructionWalk.failure)"
    }
    switch state.map.place(of: physical) {
    case .ram:
      if isZeroed {
        return "zeroed memory executed at \(address.hexadecimal): \(Self.mayBeMisplaced)"
      }
      return table(at: address).map {
        "RIP \(address.hexadecimal) lies in the \($0), where no code is: was a null pointer called?"
      }
    case .framebuffer:
      return "RIP \(address.hexadecimal) lies in the framebuffer"
    case .nothing:
      if state.map.memory.read(16, at: GuestAddress(physical &- 16))?.allSatisfy({ $0 == 0 })
        == true
      {
        return "ran through zeroed memory to the end of RAM: \(Self.mayBeMisplaced)"
      }
      return "RIP \(address.hexadecimal) lies outside RAM, \(ram)"
    }
  }

  /// The table of the processor's own that `address` lies in.
  private func table(at address: UInt64) -> String? {
    guard !state.mode.isReal else { return nil }
    let special = state.specialRegisters
    if address &- special.gdt.base <= UInt64(special.gdt.limit) { return "GDT" }
    // A limit of 0 is how guests say that there is none.
    if special.idt.limit > 0, address &- special.idt.base <= UInt64(special.idt.limit) {
      return "IDT"
    }
    let task = special.tr
    let isLoaded = task.selector != 0 && address &- task.base <= UInt64(task.limit)
    return isLoaded ? "TSS" : nil
  }

  private var badStackPointer: String? {
    let register = "the stack pointer \(state.registers.rsp.hexadecimal)"
    guard let physical = state.stackWalk.physical else {
      return "\(register) is not mapped: \(state.stackWalk.failure)"
    }
    return switch state.map.place(of: physical) {
    case .ram: nil
    case .framebuffer: "\(register) lies in the framebuffer"
    case .nothing: "\(register) lies outside RAM, \(ram)"
    }
  }

  /// Where RAM is.
  private var ram: String { "which ends at \(state.map.memory.end)" }
}

// MARK: - What it executed

extension Verdict {
  private var unsupportedInstruction: String? {
    let what =
      if let instruction = instructions.first {
        "\(instruction.bytes.hexadecimal) (\(instruction.text))"
      } else if !state.code.isEmpty {
        "the instruction that begins with \(Array(state.code.prefix(3)).hexadecimal)"
      } else {
        ""
      }
    guard !what.isEmpty else { return nil }
    return "executed \(what), which this host's KVM does not emulate at CPL "
      + "\(state.specialRegisters.privilegeLevel)" + (missedAssist ?? "")
  }

  /// What would have helped.
  private var missedAssist: String? {
    let isKnown = (try? InstructionDecoder.decode(state.code, bits: state.mode.bits)) != nil
    return !isAssisted && isKnown ? ": leave out --assist off, and it will be executed" : nil
  }

  /// Instructions that exist in one mode only.
  private var wrongMode: String? {
    let name: String?
    let built: String
    if state.mode.bits == 64 {
      name = state.code.first.flatMap { Self.notIn64Bit[$0] }
      built = "was the image built for 32-bit mode (--mode protected)?"
    } else if case .protected(bits: 32) = state.mode {
      name = state.code.starts(with: [0x0F, 0x01, 0xF8]) ? "swapgs" : nil
      built = "was the image built for 64-bit mode (--mode long)?"
    } else {
      return nil
    }
    return name.map { "executed \($0), which does not exist in \(state.mode.summary): \(built)" }
  }

  /// Intel SDM volume 2, appendix A.3, superscript i64.
  private static let notIn64Bit: [UInt8: String] = [
    0x06: "push es", 0x07: "pop es", 0x0E: "push cs", 0x16: "push ss", 0x17: "pop ss",
    0x1E: "push ds", 0x1F: "pop ds", 0x27: "daa", 0x2F: "das", 0x37: "aaa", 0x3F: "aas",
    0x60: "pusha", 0x61: "popa", 0x9A: "a far call", 0xCE: "into", 0xD4: "aam", 0xD5: "aad",
    0xEA: "a far jmp",
  ]

  /// KVMs that emulate the processor may know no paging but that of long mode, and end the guest at
  /// the instruction that switches it on.
  private var unsupportedPaging: String? {
    let special = state.specialRegisters
    guard case .protected(bits: 32) = state.mode,
      special.cr0 & ControlRegister.paging == 0,
      special.efer & ControlRegister.longModeEnable == 0,
      // mov %reg, %cr0
      state.code.count >= 3, state.code.starts(with: [0x0F, 0x22]), state.code[2] & 0xF8 == 0xC0,
      state.registers.general(Int(state.code[2] & 7)) & ControlRegister.paging != 0
    else { return nil }
    return "died as it switched 32-bit paging on, which this host's KVM may not support: scanline "
      + "probe tells"
  }

  /// What a vCPU was at that would not end by itself.
  private var endlessLoop: String? {
    let jumps = [[0xEB, 0xFE], [0xE9, 0xFB, 0xFF, 0xFF, 0xFF]] as [[UInt8]]
    if jumps.contains(where: { state.code.starts(with: $0) }) {
      let interrupts = state.registers.interruptFlag ? "on" : "off"
      return "it jumped to itself for ever, with interrupts \(interrupts)"
    }
    guard state.exits.count == ExitHistory.capacity, let last = state.exits.last,
      state.exits.allSatisfy({ $0 == last })
    else { return nil }
    let value = last.value.hexadecimal
    return switch last.kind {
    case .in: "it polled port \(last.address.hexadecimal), which always read \(value)"
    case .load: "it polled address \(last.address.hexadecimal), which always read \(value)"
    case .out, .store: nil
    }
  }
}

// MARK: - Which exception

extension Verdict {
  private var unhandledException: String? {
    let idt = state.idt
    guard let trigger = Trigger(state) else {
      if idt.table.limit == 0 { return "an exception had no handler: the IDT limit is 0" }
      return unreadableTable.map { "an exception had no handler: \($0)" }
    }
    let what = "\(trigger.deed) (\(trigger.exception.name))"
    if idt.table.limit == 0 { return "\(what): the IDT limit is 0, so nothing handles it" }
    if let unreadableTable { return "\(what): \(unreadableTable)" }
    let vector = Int(trigger.exception.rawValue)
    guard vector < idt.exceptions.count else {
      return vector < idt.table.count ? nil : "\(what): it lies beyond the IDT's limit"
    }
    guard let gate = idt.exceptions[vector] else {
      return "\(what): the IDT has no present gate for it"
    }
    guard state.mode.bits == 64 else { return nil }
    let handler = PageWalk(gate.offset, state.specialRegisters, in: state.map.memory)
    guard handler.physical == nil else { return nil }
    return "\(what): its handler at \(gate.offset.hexadecimal) is not mapped"
  }

  private var unreadableTable: String? {
    let table = state.idt.table
    guard table.count > 0, table.readable == 0 else { return nil }
    return "the IDT at \(table.base.hexadecimal) is not in mapped RAM"
  }
}

extension PageWalk {
  /// Why there is nothing behind the address.
  var failure: String {
    switch outcome {
    case .notPresent: entries.last.map { "its \($0.name) is not present" } ?? "not present"
    case .reservedBits: entries.last.map { "its \($0.name) has reserved bits set" } ?? "reserved"
    case .tableOutsideRAM(let table): "the table at \(table.hexadecimal) is not in RAM"
    case .notCanonical: "it is not canonical"
    case .unpaged, .mapped: "nothing is there"
    }
  }
}

extension [UInt8] {
  /// Bytes as a dump shows them: `0f 0b`.
  var hexadecimal: String {
    map { String($0.hexadecimal(digits: 2).dropFirst(2)) }.joined(separator: " ")
  }
}
