import CProcess
import Glibc
import SystemPackage

/// What posix_spawn(3) is to do in a child before its program starts.
@safe
final class Spawn {
  private var actions = unsafe posix_spawn_file_actions_t()
  private var attributes = posix_spawnattr_t()
  private var childEnds: [FileDescriptor] = []
  private var flags = Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)

  init(directory: String?) throws {
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    // As from a fresh login: whatever the test runner blocks or ignores.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    if let directory { unsafe cprocess_add_chdir(&actions, directory) }
  }

  deinit {
    unsafe posix_spawn_file_actions_destroy(&actions)
    unsafe posix_spawnattr_destroy(&attributes)
  }

  func open(_ path: String, as descriptor: Int32, _ mode: Int32) {
    unsafe posix_spawn_file_actions_addopen(&actions, descriptor, path, mode, 0)
  }

  func close(_ descriptor: Int32) {
    unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
  }

  /// Gives the child a session of its own, with this controlling terminal.
  func attach(_ terminal: PseudoTerminal, as descriptor: Int32) {
    flags |= cprocess_spawn_setsid
    // The first terminal that a session's leader opens becomes the session's.
    open(terminal.path, as: descriptor, O_RDWR)
  }

  /// Returns the end of a new pipe that writes to the child's standard input.
  func pipeIn() throws -> FileDescriptor {
    let pipe = try Pipe()
    childEnds.append(pipe.reader)
    duplicate(pipe.reader, as: STDIN_FILENO)
    return pipe.writer
  }

  /// Returns the end of a new pipe that is to be read, for ``ChildProcess/Output/collected``.
  func redirect(
    _ descriptor: Int32, to output: ChildProcess.Output
  ) throws -> FileDescriptor? {
    switch output {
    case .collected:
      let pipe = try Pipe()
      childEnds.append(pipe.writer)
      duplicate(pipe.writer, as: descriptor)
      return pipe.reader
    case .unread(let pipe): duplicate(pipe.writer, as: descriptor)
    case .file(let path): open(path, as: descriptor, O_WRONLY | O_CREAT)
    case .closed: close(descriptor)
    case .terminal(let terminal): open(terminal.path, as: descriptor, O_RDWR)
    }
    return nil
  }

  private func duplicate(_ source: FileDescriptor, as descriptor: Int32) {
    unsafe posix_spawn_file_actions_adddup2(&actions, source.rawValue, descriptor)
  }

  func start(_ arguments: [String]) throws -> pid_t {
    unsafe posix_spawnattr_setflags(&attributes, flags)
    var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
    var pid = pid_t()
    let result = unsafe posix_spawn(
      &pid, arguments[0], &actions, &attributes, &vector, cprocess_environment())
    guard result == 0 else { throw Errno(rawValue: result) }
    return pid
  }

  func closeChildEnds() {
    for end in childEnds { try? end.close() }
    childEnds = []
  }
}
