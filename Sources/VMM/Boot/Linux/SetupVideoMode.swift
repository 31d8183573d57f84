/// The video mode that a kernel's real-mode code sets with a BIOS. It is for the boot loader to find it in
/// the command line.
///
/// Source: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst in Linux), section "Special
/// Command Line Options".
struct SetupVideoMode: Equatable {
  /// What `vid_mode` of the setup header takes.
  let rawValue: UInt16

  /// The mode that is on already.
  static let normal = SetupVideoMode(rawValue: 0xFFFF)
  /// 80x50 characters.
  static let extended = SetupVideoMode(rawValue: 0xFFFE)
  /// Whatever the user chooses from a menu.
  static let ask = SetupVideoMode(rawValue: 0xFFFD)

  private init(rawValue: UInt16) { self.rawValue = rawValue }

  /// What the last `vga=` of `commandLine` says: `normal`, `ext`, `ask`, or a number, octal after 0 and
  /// hexadecimal after 0x, such as 0x317, VESA's mode 0x117 with a linear framebuffer.
  init(commandLine: String) throws(VMMError) {
    let prefix = "vga="
    guard let word = commandLine.split(separator: " ").last(where: { $0.hasPrefix(prefix) }) else {
      self = .normal
      return
    }
    let text = word.dropFirst(prefix.count)
    switch text {
    case "normal": self = .normal
    case "ext": self = .extended
    case "ask": self = .ask
    default:
      let number =
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
          UInt16(text.dropFirst(2), radix: 16)
        } else if text.hasPrefix("0") {
          UInt16(text, radix: 8)
        } else {
          UInt16(text)
        }
      guard let number else {
        throw VMMError(
          .usage,
          "command line: \(word) is no video mode; give normal, ext, ask, or a number such as 0x317"
        )
      }
      self.init(rawValue: number)
    }
  }
}
