public import Devices

/// What becomes of a machine whose guest asks for a reset.
public enum ResetAction: String, CaseIterable, Sendable {
  /// The run ends: with ``Ending/reset(_:)``, or after a triple fault with ``Ending/crash(_:)``.
  case exit
  /// The machine is reset and goes on.
  case reboot
}

/// A reset that is about to be performed because the guest has asked for it.
public struct Reboot: Sendable {
  /// Resets so far, this one included.
  public let number: UInt64
  public let cause: ResetCause
  /// The vCPU that died, if that was the cause.
  public let crash: CrashReport?
}

/// Where the guest's wish for a reset arrives, from any vCPU's thread; none of this waits.
struct ResetPolicy: Sendable {
  let action: ResetAction
  let control: RunControl

  /// The guest asks for a reset. The vCPU whose thread calls executes nothing more before it.
  func request(_ cause: ResetCause) {
    switch action {
    case .exit: control.stop(.reset(cause))
    case .reboot: control.requestReset(ResetRequest(cause: cause, crash: nil))
    }
  }

  /// A vCPU has died.
  func tripleFault(_ report: CrashReport) {
    switch action {
    case .exit: control.stop(.crash(report))
    case .reboot: control.requestReset(ResetRequest(cause: .tripleFault, crash: report))
    }
  }
}
