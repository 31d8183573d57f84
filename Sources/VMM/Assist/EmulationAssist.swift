import CKVM
import KVM
import Synchronization
import SystemPackage

/// Executes instructions that KVM fails to emulate, on hosts whose KVM emulates.
///
/// It is reached by one exit only, `KVM_EXIT_INTERNAL_ERROR` with `KVM_INTERNAL_ERROR_EMULATION`, and
/// costs nothing before. <doc:EmulationAssist> has the set of instructions and what is left out.
final class EmulationAssist: Sendable {
  /// What became of an instruction.
  enum Outcome: Equatable {
    /// It was executed, or its exception is the guest's: the guest goes on.
    case resumed
    /// It is not in the set, or does what the set leaves out. Nothing has changed.
    case unsupported
  }

  /// How many instructions are executed before the guest goes on, at most. Its interrupts wait for them.
  private static let longestRow = 64

  /// IA32_TIME_STAMP_COUNTER and IA32_TSC_AUX.
  private static let timeStampRegisters: [UInt32] = [0x10, 0xC000_0103]

  private let memory: AssistMemory
  private let counters: AssistCounters
  private let tracer: Tracer?
  /// Of the vCPU, once it has been asked.
  private let features = Mutex<ProcessorFeatures?>(nil)

  /// - Parameters:
  ///   - counters: Those of all vCPUs.
  ///   - tracer: Learns of each instruction, if it wants to.
  init(memory: AssistMemory, counters: AssistCounters, tracer: Tracer? = nil) {
    self.memory = memory
    self.counters = counters
    self.tracer = tracer.flatMap { $0.categories.contains(.assist) ? $0 : nil }
  }

  /// Lets KVM report every failure, also those at CPL 3, which it would make #UD. Before vCPUs run.
  static func prepare(_ machine: SharedMachine) throws(KVMError) {
    guard machine.vm.checkExtension(.exitOnEmulationFailure) > 0 else { return }
    try machine.vm.enable(.exitOnEmulationFailure, arguments: 1)
  }

  /// Executes the instruction at RIP of `vcpu`, in its thread.
  ///
  /// - Throws: ``KVMError`` when KVM does not tell or take the vCPU's state.
  func step(_ vcpu: borrowing VCPU) throws(KVMError) -> Outcome {
    let before = AssistedProcessor(
      try vcpu.registers(), try vcpu.specialRegisters(), try features(of: vcpu), memory: memory)
    let found: (instruction: Instruction, mnemonic: Mnemonic)
    do throws(Interruption) {
      found = try before.fetch()
    } catch {
      return try resume(vcpu, before, after: error)
    }
    return try step(vcpu, before, found.instruction, found.mnemonic)
  }

  private func step(
    _ vcpu: borrowing VCPU, _ before: AssistedProcessor, _ instruction: Instruction,
    _ mnemonic: Mnemonic
  ) throws(KVMError) -> Outcome {
    var after = before
    try fetchState(mnemonic.needs, of: vcpu, into: &after)
    let fetched = after
    after.registers.rflags &= ~Flag.resume
    do throws(Interruption) {
      try after.execute(instruction, mnemonic)
    } catch {
      if case .fault = error { note(mnemonic, vcpu, before) }
      return try resume(vcpu, before, after: error)
    }
    if mnemonic.needs == .extendedState { try executeRow(on: &after, of: vcpu) }
    do throws(KVMError) {
      try commit(after, to: vcpu, from: fetched)
    } catch  where error.errno == .invalidArgument && mnemonic == .xsetbv {
      // A combination of states that the processor does not have.
      return try resume(vcpu, before, after: .generalProtection())
    }
    let traps = before.registers.rflags & Flag.trap != 0 && !mnemonic.clearsTrapFlag
    try finish(vcpu, traps: traps, unblocksNMI: after.unblocksNMI)
    note(mnemonic, vcpu, before)
    return .resumed
  }

  /// Executes what follows while it, too, needs x87 or vector registers, which have a long way from KVM
  /// and back. What fails is left to be the first one.
  private func executeRow(
    on processor: inout AssistedProcessor, of vcpu: borrowing VCPU
  ) throws(KVMError) {
    // KVM looks for breakpoints only where it goes on.
    guard processor.registers.rflags & Flag.trap == 0,
      try vcpu.debugRegisters().dr7 & 0xFF == 0
    else { return }
    for _ in 1..<Self.longestRow {
      let before = processor
      guard let (instruction, mnemonic) = try? before.fetch(), mnemonic.needs == .extendedState,
        (try? processor.execute(instruction, mnemonic)) != nil
      else {
        processor = before
        return
      }
      note(mnemonic, vcpu, before)
    }
  }

  private func note(
    _ mnemonic: Mnemonic, _ vcpu: borrowing VCPU, _ before: AssistedProcessor
  ) {
    counters.count(mnemonic)
    tracer?.record(
      TraceEvent(
        time: monotonicNanoseconds(), cpu: vcpu.id, rip: before.registers.rip,
        kind: .assist(mnemonic)),
      mayWait: true)
  }

  private func features(of vcpu: borrowing VCPU) throws(KVMError) -> ProcessorFeatures {
    if let known = features.withLock({ $0 }) { return known }
    let found = ProcessorFeatures(try vcpu.cpuid())
    features.withLock { $0 = found }
    return found
  }
}

// MARK: - State

extension EmulationAssist {
  private func fetchState(
    _ needs: AssistedProcessor.Needs, of vcpu: borrowing VCPU,
    into processor: inout AssistedProcessor
  ) throws(KVMError) {
    if needs.contains(.extendedState) {
      processor.extended = ExtendedState(try vcpu.xsave())
    }
    if needs.contains(.extendedControl) {
      processor.extendedControl = try vcpu.xcrs().xcrs.0.value
    }
    if needs.contains(.timeStamp) {
      let values = try vcpu.readMSRs(Self.timeStampRegisters)
      processor.timeStamp = (values[0].value, values[1].value)
    }
  }

  /// Sets what the instruction has changed.
  private func commit(
    _ after: AssistedProcessor, to vcpu: borrowing VCPU, from before: AssistedProcessor
  ) throws(KVMError) {
    if after.extendedControl != before.extendedControl {
      var registers = try vcpu.xcrs()
      registers.xcrs.0.value = after.extendedControl
      try vcpu.setXCRs(registers)
    }
    if let extended = after.extended, extended != before.extended {
      try vcpu.setXSAVE(extended.area)
    }
    if after.flushesTranslations {
      // KVM forgets them when CR3 changes; PWT is without effect.
      var other = after.special
      other.cr3 ^= 1 << 3
      try vcpu.setSpecialRegisters(other)
    }
    if after.flushesTranslations || after.changesSegments(of: before) {
      try vcpu.setSpecialRegisters(after.special)
    }
    try vcpu.setRegisters(after.registers)
  }
}

// MARK: - Events

extension EmulationAssist {
  /// Lets the guest go on after an instruction that was not executed.
  private func resume(
    _ vcpu: borrowing VCPU, _ before: AssistedProcessor, after interruption: Interruption
  ) throws(KVMError) -> Outcome {
    switch interruption {
    case .contended:
      try finish(vcpu, traps: false, unblocksNMI: false, isExecuted: false)
    case .fault(let fault): try inject(fault, into: vcpu, before)
    case .unsupported:
      // What KVM itself does, so that an unprivileged program cannot end the machine.
      guard before.privilegeLevel > 0 else { return .unsupported }
      try inject(Fault(.invalidOpcode), into: vcpu, before)
    }
    return .resumed
  }

  private func inject(
    _ fault: Fault, into vcpu: borrowing VCPU, _ before: AssistedProcessor
  ) throws(KVMError) {
    if let address = fault.address {
      var special = before.special
      special.cr2 = address
      try vcpu.setSpecialRegisters(special)
    }
    if let mxcsr = fault.mxcsr, var extended = ExtendedState(try vcpu.xsave()) {
      extended.mxcsr = mxcsr
      try vcpu.setXSAVE(extended.area)
    }
    var registers = before.registers
    // A fault's image of RFLAGS has RF. Intel SDM volume 3, section 19.3.1.1.
    registers.rflags |= Flag.resume
    try vcpu.setRegisters(registers)
    try changeEvents(of: vcpu) { events in
      events.exception.injected = 1
      events.exception.nr = fault.exception.rawValue
      events.exception.has_error_code = fault.errorCode == nil ? 0 : 1
      events.exception.error_code = fault.errorCode ?? 0
    }
  }

  /// What the end of an instruction does beside.
  ///
  /// - Parameter traps: Whether a single step ends here.
  private func finish(
    _ vcpu: borrowing VCPU, traps: Bool, unblocksNMI: Bool, isExecuted: Bool = true
  ) throws(KVMError) {
    if traps {
      var debug = try vcpu.debugRegisters()
      debug.dr6 |= 1 << 14  // BS
      try vcpu.setDebugRegisters(debug)
    }
    try changeEvents(of: vcpu) { events in
      // Without the capability KVM has queued #UD for the instruction.
      if events.exception.nr == ProcessorException.invalidOpcode.rawValue {
        events.exception.injected = 0
      }
      if traps {
        events.exception.injected = 1
        events.exception.nr = ProcessorException.debug.rawValue
        events.exception.has_error_code = 0
      }
      // The instruction after STI or MOV SS is over.
      if isExecuted { events.interrupt.shadow = 0 }
      if unblocksNMI { events.nmi.masked = 0 }
    }
  }

  private func changeEvents(
    of vcpu: borrowing VCPU, _ change: (inout VCPUEvents) -> Void
  ) throws(KVMError) {
    var events = try vcpu.events()
    change(&events)
    // Not the pending NMIs, which others may be adding to.
    events.flags = UInt32(KVM_VCPUEVENT_VALID_SHADOW)
    try vcpu.setEvents(events)
  }
}

extension Mnemonic {
  /// Whether a single step does not end behind it, because it goes to a handler.
  fileprivate var clearsTrapFlag: Bool {
    switch self {
    case .int, .int3, .int1, .into: true
    default: false
    }
  }
}

extension AssistedProcessor {
  /// Whether CS, SS or another segment is not as it was.
  fileprivate func changesSegments(of other: AssistedProcessor) -> Bool {
    let pairs = [
      (special.cs, other.special.cs), (special.ss, other.special.ss),
      (special.ds, other.special.ds), (special.es, other.special.es),
      (special.fs, other.special.fs), (special.gs, other.special.gs),
    ]
    return pairs.contains { $0.isDifferent(from: $1) }
  }
}

extension Segment {
  fileprivate func isDifferent(from other: Segment) -> Bool {
    (base, limit, selector) != (other.base, other.limit, other.selector)
      || (type, present, dpl, db, s) != (other.type, other.present, other.dpl, other.db, other.s)
      || (l, g, avl, unusable) != (other.l, other.g, other.avl, other.unusable)
  }
}
