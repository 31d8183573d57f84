public import Devices

/// Why a machine stopped. The first reason wins; what happens while it stops changes nothing.
public enum Ending: Sendable {
  /// The guest wrote `value` to `isa-debug-exit`.
  case debugExit(value: UInt32)
  /// A `.COM` program has ended with `code`: 0 if all went well.
  case exited(code: UInt8)
  /// Every vCPU is halted and no interrupt can wake one. `interruptsEnabled` tells of a guest that
  /// seems to wait for an interrupt on a machine without an interrupt controller.
  case halted(interruptsEnabled: Bool)
  /// The guest switched the machine off, at one of ``PowerOffPorts``.
  case poweredOff
  /// The guest told by `pvpanic` that its kernel has panicked.
  case guestPanicked
  /// The guest asked for a reset, and the machine does not reboot.
  case reset(ResetCause)
  /// A vCPU cannot go on.
  case crash(CrashReport)
  /// The time limit has passed.
  case timeout
  /// The user asked for it in the terminal.
  case quit
  /// The host process was sent a signal that ends it.
  case signal(Int32)
  /// Nobody reads the guest's output any more.
  case outputClosed
  /// A stream of the host failed.
  case failure(VMMError)
}

extension Ending {
  /// The same ending; a crash report with the codes that the guest wrote to port 0x80.
  func addingPOSTCodes(_ codes: [UInt8]) -> Ending {
    guard case .crash(var report) = self else { return self }
    report.postCodes = codes
    return .crash(report)
  }
}
