import Glibc

/// A program that runs beside the benchmark, with nothing on its standard input.
struct ChildProcess: ~Copyable {
  /// The process id.
  let id: pid_t
  private let name: String

  /// Starts the program `command[0]`, which is a path.
  ///
  /// - Parameter output: Where its standard output goes; nil for nowhere.
  init(_ command: [String], output: Int32? = nil) throws(BenchmarkError) {
    name = command.first ?? ""
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if let output {
      unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    } else {
      unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)

    var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var id: pid_t = 0
    let failure = unsafe posix_spawn(&id, name, &actions, nil, &arguments, environ)
    guard failure == 0 else {
      throw BenchmarkError("\(name): cannot be started (error \(failure))")
    }
    self.id = id
  }

  /// Waits for its end.
  ///
  /// - Throws: ``BenchmarkError`` unless it ended with status 0: what failed is not measured.
  consuming func wait() throws(BenchmarkError) {
    var status: Int32 = 0
    while unsafe waitpid(id, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else {
      throw BenchmarkError("\(name): failed (wait status \(status))")
    }
  }
}
