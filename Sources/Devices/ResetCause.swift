/// What reset the machine.
public enum ResetCause: Sendable {
  /// The 8042 pulsed its reset line: command 0xFE at port 0x64, or bit 0 of its output port.
  case keyboardController
  /// Port 0x92, bit 0.
  case systemControlPortA
  /// Port 0xCF9, bit 2.
  case resetControlRegister
  /// The processor shut down because an exception could not be delivered, and the board resets it.
  case tripleFault
}
