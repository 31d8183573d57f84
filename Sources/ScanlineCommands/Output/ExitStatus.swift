import Devices
import Glibc
import VMM

/// The exit statuses of `scanline`. Those of a run are even, so that they never collide with a
/// guest's, which `isa-debug-exit` makes odd.
enum ExitStatus {
  static let success: Int32 = 0
  /// Of `scanline verify`, which runs no guest of the user's.
  static let lostPages: Int32 = 1
  static let userQuit: Int32 = 2
  static let usage: Int32 = 64
  static let image: Int32 = 66
  static let crash: Int32 = 70
  static let host: Int32 = 72
  static let io: Int32 = 74
  static let timeout: Int32 = 124

  /// The table that `--help` shows; README has the same.
  static let table = """
    EXIT STATUS:
      0           the guest halted (`cli; hlt` on every vCPU), powered itself
                  off, or asked for a reset
      code        a .COM program ended with this code (INT 21h AH=4Ch)
      (v << 1)|1  the guest wrote v to isa-debug-exit (--debug-exit); always odd
      1           `scanline verify`: the dirty log lost a page
      2           the user quit (Ctrl-A x)
      64          usage: an option or a value that no machine can have
      66          the image cannot be loaded
      70          the guest crashed: triple fault, emulation failure, unknown exit,
                  or its kernel panicked (pvpanic)
      72          the host cannot run it: no /dev/kvm, no permission, too old
      74          a file or a stream cannot be read or written
      124         the time limit (--timeout) has passed
      signal      ended by that signal; SIGPIPE: nobody reads the output
    """

  static func of(_ error: VMMError) -> Int32 {
    switch error.kind {
    case .usage: usage
    case .image: image
    case .host: host
    case .io: io
    }
  }
}

extension ResetCause {
  /// What the guest did, in words.
  var summary: String {
    switch self {
    case .keyboardController: "keyboard controller, port 0x64"
    case .systemControlPortA: "system control port A, 0x92"
    case .bios: "INT 19h, or Ctrl-Alt-Delete"
    case .resetControlRegister: "reset control register, port 0xCF9"
    case .tripleFault: "triple fault"
    }
  }
}

extension Ending {
  /// How the process ends. A signal is raised again, so that the shell sees it.
  enum ProcessEnd: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  var processEnd: ProcessEnd {
    switch self {
    case .debugExit(let value): .status(Int32(UInt8(truncatingIfNeeded: value << 1 | 1)))
    case .exited(let code): .status(Int32(code))
    case .halted, .poweredOff, .reset: .status(ExitStatus.success)
    case .crash, .guestPanicked: .status(ExitStatus.crash)
    case .timeout: .status(ExitStatus.timeout)
    case .quit: .status(ExitStatus.userQuit)
    case .signal(let number): .signal(number)
    case .outputClosed: .signal(SIGPIPE)
    case .failure(let error): .status(ExitStatus.of(error))
    }
  }

  /// One sentence; nil when there is nobody left to read it.
  var summary: String? {
    switch self {
    case .debugExit(let value): "the guest exited with \(value) by isa-debug-exit"
    case .exited(let code): "the program ended with \(code)"
    case .halted(interruptsEnabled: false): "the guest halted"
    case .halted(interruptsEnabled: true):
      "the guest waits for an interrupt, and its PIC masks all of them; a guest that uses APICs "
        + "needs --irqchip kernel"
    case .poweredOff: "the guest powered itself off"
    case .guestPanicked: "the guest's kernel panicked (pvpanic)"
    case .reset(let cause):
      "the guest asked for a reset (\(cause.summary)); --on-reset reboot starts it again"
    case .crash(let report): report.summary
    case .timeout: "the time limit has passed; raise --timeout if the guest needs longer"
    case .quit: "quit by the user"
    case .signal(let number): "ended by signal \(number)"
    case .outputClosed: nil
    case .failure(let error): error.description
    }
  }

  /// More vCPUs than this say little more than the first ones.
  private static let shownCPUs = 8

  /// Further lines for a person.
  ///
  /// - Parameter states: Where each vCPU was when the machine stopped.
  func details(_ states: [VCPUState]) -> [String] {
    switch self {
    case .crash(let report):
      let others = states.filter { $0.cpu != report.cpu }
      return report.details + others.prefix(Self.shownCPUs).map { $0.headline }
    case .timeout: return states.prefix(Self.shownCPUs).flatMap { $0.summary() }
    default: return []
    }
  }
}
