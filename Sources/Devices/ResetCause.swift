/// What made the machine reset.
public enum ResetCause: String, Sendable {
  /// The 8042 pulsed its reset line: command 0xFE at port 0x64, or bit 0 of its output port.
  case keyboardController
  /// Bit 0 of system control port A, port 0x92.
  case systemControlPortA
  /// The chipset's reset control register, port 0xCF9, bit 2.
  case resetControlRegister
  /// INT 19h or INT 18h, or Control, Alt and Delete pressed together.
  case bios
  /// An exception while the double-fault handler was being called.
  case tripleFault
}
