public import Devices

/// Why a machine stopped. The first reason wins; what happens while it stops changes nothing.
public enum Ending: Sendable {
  /// The guest wrote `value` to `isa-debug-exit`.
  case debugExit(value: UInt32)
  /// Every vCPU is halted and no interrupt can wake one. `interruptsEnabled` tells of a guest that
  /// seems to wait for an interrupt on a machine without an interrupt controller.
  case halted(interruptsEnabled: Bool)
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
