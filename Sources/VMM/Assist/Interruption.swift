/// Why an instruction was not executed. Nothing but accessed and dirty bits has changed then.
enum Interruption: Error, Equatable {
  /// It raises an exception.
  case fault(Fault)
  /// It is not in the set, or it does what the set leaves out.
  case unsupported
  /// Another vCPU changed a page table meanwhile: the guest executes the instruction again.
  case contended
}

/// An exception as the guest gets it.
struct Fault: Equatable {
  let exception: ProcessorException
  /// nil for those that push none.
  let errorCode: UInt32?
  /// What a page fault leaves in CR2.
  var address: UInt64?
  /// What a floating-point exception of SSE leaves in MXCSR.
  var mxcsr: UInt32?

  init(_ exception: ProcessorException, _ errorCode: UInt32? = nil, address: UInt64? = nil) {
    self.exception = exception
    self.errorCode = errorCode
    self.address = address
  }
}

extension Interruption {
  static let invalidOpcode = Interruption.fault(Fault(.invalidOpcode))
  static let deviceNotAvailable = Interruption.fault(Fault(.deviceNotAvailable))

  /// #GP; the error code is a selector's, or 0.
  static func generalProtection(_ errorCode: UInt32 = 0) -> Interruption {
    .fault(Fault(.generalProtection, errorCode))
  }

  /// #SS.
  static func stackFault(_ errorCode: UInt32 = 0) -> Interruption {
    .fault(Fault(.stackFault, errorCode))
  }
}
