import CProcess
import Glibc
import SystemPackage

/// A child of the test: fed, listened to, and waited for.
///
/// Everything happens in ``wait(until:)``, which pumps all of the child's streams, so that neither
/// side can wait for the other for ever.
final class ChildProcess {
  enum Input {
    /// These bytes through a pipe, then its end.
    case bytes([UInt8])
    /// A pipe that stays open until the child has ended.
    case open
    case file(String)
    case closed
    case terminal(PseudoTerminal)
  }

  enum Output {
    /// Kept in ``ChildProcess/output`` or ``ChildProcess/errors``.
    case collected
    /// A pipe that nobody reads.
    case unread(Pipe)
    /// The file as it is, not truncated, so that devices work as well.
    case file(String)
    case closed
    case terminal(PseudoTerminal)
  }

  enum End: Equatable {
    case status(Int32)
    case signal(Int32)
  }

  /// A child that did not do in time what the test waits for.
  struct TimeLimitExceeded: Error, CustomStringConvertible {
    let description: String
  }

  let pid: pid_t
  private(set) var output: [UInt8] = []
  private(set) var errors: [UInt8] = []
  private(set) var transcript: [UInt8] = []
  private(set) var end: End?
  private(set) var isStopped = false

  private var pendingInput: ArraySlice<UInt8>
  /// Whether the input ends with what is pending.
  private var endsInput: Bool
  private var inputWriter: FileDescriptor?
  private var outputReader: FileDescriptor?
  private var errorReader: FileDescriptor?
  private let terminal: PseudoTerminal?

  /// Far more than any of these takes, also on a busy host.
  private static let patience: UInt64 = 40_000_000_000

  /// Starts `arguments`; the first one is the program's path.
  init(
    _ arguments: [String], input: Input = .bytes([]), output: Output = .collected,
    errors: Output = .collected, directory: String? = nil
  ) throws {
    // A child that ends without reading its input must not end the tests.
    signal(SIGPIPE, SIG_IGN)
    let spawn = try Spawn(directory: directory)
    defer { spawn.closeChildEnds() }
    pendingInput = []
    endsInput = true
    switch input {
    case .bytes(let bytes):
      inputWriter = try spawn.pipeIn()
      pendingInput = bytes[...]
    case .open:
      inputWriter = try spawn.pipeIn()
      endsInput = false
    case .file(let path): spawn.open(path, as: STDIN_FILENO, O_RDONLY)
    case .closed: spawn.close(STDIN_FILENO)
    case .terminal(let terminal): spawn.attach(terminal, as: STDIN_FILENO)
    }
    outputReader = try spawn.redirect(STDOUT_FILENO, to: output)
    errorReader = try spawn.redirect(STDERR_FILENO, to: errors)
    if case .terminal(let terminal) = input {
      self.terminal = terminal
      Self.makeNonBlocking(terminal.leader)
    } else {
      terminal = nil
    }
    pid = try spawn.start(arguments)
    for descriptor in [inputWriter, outputReader, errorReader] {
      if let descriptor { Self.makeNonBlocking(descriptor) }
    }
    closeInputIfDone()
  }

  deinit {
    if end == nil {
      kill(pid, SIGKILL)
      // A stopped child dies as well, so this does not wait for long.
      waitpid(pid, nil, 0)
    }
    for descriptor in [inputWriter, outputReader, errorReader] { try? descriptor?.close() }
  }

  func send(_ signal: Int32) {
    if end == nil { kill(pid, signal) }
  }

  /// Adds to the input of ``Input/open``.
  func type(_ text: String) { pendingInput += text.utf8 }

  /// Ends the input of ``Input/open`` after what was typed.
  func endInput() {
    endsInput = true
    closeInputIfDone()
  }

  /// Pumps the child's streams until `condition` holds.
  ///
  /// - Throws: ``TimeLimitExceeded`` with what the child has said so far.
  func wait(for what: String, until condition: () throws -> Bool) throws {
    let deadline = monotonicNow() + Self.patience
    while true {
      pump()
      if try condition() { return }
      guard monotonicNow() < deadline else {
        throw TimeLimitExceeded(
          description: "no \(what) in time; output: \(text(output)) errors: \(text(errors)) "
            + "terminal: \(text(transcript))")
      }
    }
  }

  /// Waits until the child has ended and all it has written is here.
  func finish() throws -> End {
    try wait(for: "end") { end != nil && outputReader == nil && errorReader == nil }
    pump()
    return end ?? .status(-1)
  }

  // MARK: Streams

  /// Moves what can be moved now, or waits a moment for something to move.
  private func pump() {
    // The end is noticed first: what was written before it is then still collected below.
    reap()
    var descriptors = [
      pollfd(fd: inputWriter?.rawValue ?? -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: outputReader?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errorReader?.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: terminal?.leader.rawValue ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    if pendingInput.isEmpty { descriptors[0].fd = -1 }
    // The end of a child and a change of terminal settings do not show in poll(2).
    unsafe poll(&descriptors, nfds_t(descriptors.count), end == nil ? 5 : 0)
    if descriptors[0].revents != 0 { feed() }
    if descriptors[1].revents != 0 { Self.drain(&outputReader, into: &output) }
    if descriptors[2].revents != 0 { Self.drain(&errorReader, into: &errors) }
    if descriptors[3].revents != 0 {
      // A leader without followers reports a hang-up for ever; it is the test's to close.
      var leader = terminal?.leader
      Self.drain(&leader, into: &transcript, closes: false)
    }
  }

  private func reap() {
    guard end == nil else { return }
    var status: Int32 = 0
    guard unsafe waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == pid else { return }
    switch status & 0x7F {
    case _ where status == 0xFFFF: isStopped = false
    case 0x7F: isStopped = true
    case 0: end = .status(status >> 8 & 0xFF)
    case let signal: end = .signal(signal)
    }
  }

  private func feed() {
    let count = unsafe pendingInput.withUnsafeBytes {
      unsafe write(inputWriter?.rawValue ?? -1, $0.baseAddress, $0.count)
    }
    if count > 0 {
      pendingInput.removeFirst(count)
    } else if errno != EAGAIN, errno != EINTR {
      // A child that does not want its input is no failure of the test.
      pendingInput = []
    }
    closeInputIfDone()
  }

  private func closeInputIfDone() {
    guard endsInput, pendingInput.isEmpty else { return }
    try? inputWriter?.close()
    inputWriter = nil
  }

  private static func drain(
    _ descriptor: inout FileDescriptor?, into bytes: inout [UInt8], closes: Bool = true
  ) {
    guard let reader = descriptor else { return }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe read(reader.rawValue, &buffer, buffer.count)
      if count > 0 {
        bytes += buffer.prefix(count)
        continue
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      if closes { try? reader.close() }
      descriptor = nil
      return
    }
  }

  private static func makeNonBlocking(_ descriptor: FileDescriptor) {
    _ = fcntl(descriptor.rawValue, F_SETFL, fcntl(descriptor.rawValue, F_GETFL) | O_NONBLOCK)
  }
}

func text(_ bytes: some Sequence<UInt8>) -> String {
  String(decoding: Array(bytes), as: UTF8.self)
}

private func monotonicNow() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
