public import KVM

/// What a vCPU looked like when it could not go on.
public struct CrashReport: Sendable {
  /// Why it could not.
  public enum Cause: Sendable {
    /// An exception while the double-fault handler was being called: `KVM_EXIT_SHUTDOWN`.
    case tripleFault
    /// KVM met an instruction that it cannot execute.
    case emulationFailure
    /// Another `KVM_EXIT_INTERNAL_ERROR`.
    case internalError(suberror: UInt32)
    /// The processor refused to enter the guest: `KVM_EXIT_FAIL_ENTRY`.
    case failedEntry(hardwareReason: UInt64)
    /// An exception in real mode that came to the BIOS, because the guest has no handler for it.
    case unhandledException(vector: UInt8)
    /// An exit that this machine never asked for.
    case unknownExit(reason: String)
    /// `KVM_RUN` itself failed.
    case runFailed(KVMError)
  }

  public let cause: Cause
  /// Where the vCPU was; nil when KVM would not tell its registers.
  public let state: VCPUState?
  public let cpu: UInt32
  /// Whether the host's processor loses the registers at a triple fault.
  let resetsAtShutdown: Bool
  /// Whether the emulation assist was on.
  var isAssisted = true

  public var registers: Registers? { state?.registers }
  public var specialRegisters: SpecialRegisters? { state?.specialRegisters }
  /// The bytes from the instruction on, as far as they are known.
  public var instruction: [UInt8] {
    Array((state?.code ?? []).prefix(VCPUState.longestInstruction))
  }
  /// The last codes that the guest wrote to the POST port, 0x80, in order.
  public internal(set) var postCodes: [UInt8] = []

  /// One sentence: what happened, where.
  public var summary: String {
    let place = registers.map { " at \($0.rip.hexadecimal)" } ?? ""
    return "vCPU \(cpu): \(what)\(place)"
  }

  private var what: String {
    switch cause {
    case .tripleFault: "triple fault"
    case .emulationFailure: "emulation failure: this host's KVM cannot execute the instruction"
    case .internalError(let suberror): "KVM internal error \(suberror)"
    case .failedEntry(let reason):
      "the processor refused to enter the guest (\(reason.hexadecimal))"
    case .unhandledException(let vector):
      "\(ProcessorException(rawValue: vector).name) (INT \(vector.hexadecimal)) without a handler"
    case .unknownExit(let reason): "exit that this machine does not handle: \(reason)"
    case .runFailed(let error): "\(error)"
    }
  }
}
