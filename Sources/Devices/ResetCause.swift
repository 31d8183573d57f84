/// What made the machine reset.
public enum ResetCause: String, Sendable {
  /// Command 0xFE to the keyboard controller, port 0x64.
  case keyboardController
  /// Bit 0 of system control port A, port 0x92.
  case systemControlPortA
  /// The chipset's reset control register, port 0xCF9.
  case resetControlRegister
  /// An exception while the double-fault handler was being called.
  case tripleFault
}
