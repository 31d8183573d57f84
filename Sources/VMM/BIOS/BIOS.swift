import CKVM
import Devices
import KVM
import Synchronization

/// The BIOS of a machine that was started with a ``BIOSImage``, or with a kernel that may go back to real
/// mode: takes the calls that arrive as OUTs of ``BIOSROM``, on the thread of the vCPU that makes them.
final class BIOS: Resettable {
  private struct State {
    var services: BIOSServices
    var statistics = BIOSStatistics()
  }

  private let state: Mutex<State>
  private let memory: RealModeMemory
  private let tracer: Tracer?

  init(_ services: BIOSServices, tracer: Tracer?) {
    memory = services.memory
    state = Mutex(State(services: services))
    self.tracer = tracer.flatMap { $0.categories.contains(.bios) ? $0 : nil }
  }

  /// Has KVM hand out the registers of `vcpu` with each exit, where the host can: then a call needs no
  /// ioctl of its own.
  static func prepare(_ vcpu: borrowing VCPU, on hypervisor: borrowing Hypervisor) {
    let sets = UInt(hypervisor.checkExtension(.syncRegisters))
    let wanted = UInt(KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS)
    guard sets & wanted == wanted else { return }
    vcpu.mirrorsRegisters = true
    vcpu.mirrorsSpecialRegisters = true
  }

  /// What was called so far.
  var statistics: BIOSStatistics { state.withLock { $0.statistics } }

  /// Serves the call that `vcpu` has just made.
  ///
  /// - Parameter lettingInterruptsIn: Called before a call that is polled. True if an interrupt is to come
  ///   first: the call is then made again behind it.
  /// - Returns: The exception that it is, if the guest has no handler for it and cannot go on.
  func serve(
    _ vcpu: borrowing VCPU, lettingInterruptsIn: () throws(KVMError) -> Bool
  ) throws(KVMError) -> UInt8? {
    let registers = try vcpu.registersAtExit()
    var special = try vcpu.specialRegistersAtExit()
    // An OUT from elsewhere, or in another mode, calls nobody.
    guard let vector = BIOSROM.vector(at: special.cs.base &+ registers.rip) else { return nil }
    guard special.cr0 & ControlRegister.protectionEnable == 0 else {
      try vcpu.setRegistersAtEntry(registers.continuing(after: .returns))
      return nil
    }
    if vector.isPolled, try lettingInterruptsIn() {
      try vcpu.setRegistersAtEntry(registers.continuing(after: .repeats))
      return nil
    }
    var call = BIOSCall(vector: vector, registers: registers, special: special, memory: memory)
    if call.isFatalException {
      try returnToCaller(call, special, vcpu)
      return vector
    }
    let before = call
    let outcome = state.withLock { state in
      let outcome = state.services.serve(&call)
      if case .returns = outcome { state.statistics.count(before, call) }
      return outcome
    }
    if case .returns = outcome {
      trace(before, call, vcpu.id)
      if call.flags != before.flags {
        memory.store(UInt16(truncatingIfNeeded: call.flags), at: call.frame &+ 4)
      }
    }
    if call.es != before.es {
      special.es.selector = call.es
      special.es.base = UInt64(call.es) << 4
      try vcpu.setSpecialRegistersAtEntry(special)
    }
    try vcpu.setRegistersAtEntry(call.registers.continuing(after: outcome))
    return nil
  }

  /// Puts the vCPU back to the instruction that failed, for the report.
  private func returnToCaller(
    _ call: BIOSCall, _ special: SpecialRegisters, _ vcpu: borrowing VCPU
  ) throws(KVMError) {
    let caller = call.returnAddress(memory)
    var (registers, special) = (call.registers, special)
    registers.rip = UInt64(caller.offset)
    registers.rsp &+= 6
    registers.rflags = call.flags
    special.cs.selector = caller.segment
    special.cs.base = UInt64(caller.segment) << 4
    try vcpu.setSpecialRegisters(special)
    try vcpu.setRegisters(registers)
  }

  private func trace(_ before: BIOSCall, _ after: BIOSCall, _ cpu: UInt32) {
    guard let tracer else { return }
    let caller = before.returnAddress(memory)
    tracer.record(
      TraceEvent(
        time: monotonicNanoseconds(), cpu: cpu,
        rip: UInt64(caller.linear),
        kind: .biosCall(BIOSCallRecord(before: before, after: after))),
      mayWait: true)
  }

  /// Forgets what was in progress. A disk keeps what the guest has written.
  func reset() {
    state.withLock { $0.services.reset() }
  }
}

extension UInt8 {
  /// The vector of calls that programs make again and again until something has happened. A PC's BIOS lets
  /// interrupts in during each of them, and some boot loaders do so nowhere else.
  fileprivate var isPolled: Bool { self == 0x16 || self == 0x1A || self == 0x21 }
}

extension BIOSCall {
  /// A division by zero or an invalid instruction would be executed again and again.
  fileprivate var isFatalException: Bool { vector == 0x00 || vector == 0x06 }
}

extension Registers {
  /// With the flags that tell the code of a slot how to go on: see ``BIOSROM``.
  fileprivate func continuing(after outcome: BIOSCall.Outcome) -> Registers {
    var registers = self
    registers.rflags &= ~(Flag.carry | Flag.zero)
    switch outcome {
    case .returns: break
    case .waitsForInterrupt:
      registers.rflags |= Flag.carry
      // An interrupt before the slot's HLT would be slept through.
      registers.rflags &= ~Flag.interrupt
    case .repeats: registers.rflags |= Flag.zero
    }
    return registers
  }
}
