/// Finds the commands that a user types between the bytes for the guest: Ctrl-A and a letter, as in
/// QEMU.
struct EscapeFilter {
  enum Command: Equatable {
    case quit
    case sendBreak
    case screenshot
    case help
  }

  /// Ctrl-A.
  private static let escape: UInt8 = 0x01
  private var isEscaped = false

  /// What a terminal shows for ``Command/help``.
  static let help = """
    Ctrl-A x  quit
    Ctrl-A b  send a break
    Ctrl-A s  write the picture of this moment to the file of --screenshot
    Ctrl-A a  send Ctrl-A
    Ctrl-A h  this help
    """

  /// Calls `send` with each byte for the guest and `obey` with each command, in order.
  mutating func filter(
    _ bytes: some Sequence<UInt8>, send: (UInt8) -> Void, obey: (Command) -> Void
  ) {
    for byte in bytes {
      guard isEscaped else {
        if byte == Self.escape { isEscaped = true } else { send(byte) }
        continue
      }
      isEscaped = false
      switch byte {
      case UInt8(ascii: "x"): obey(.quit)
      case UInt8(ascii: "b"): obey(.sendBreak)
      case UInt8(ascii: "s"): obey(.screenshot)
      case UInt8(ascii: "h"), UInt8(ascii: "?"): obey(.help)
      case UInt8(ascii: "a"), Self.escape: send(Self.escape)
      default: break
      }
    }
  }
}
