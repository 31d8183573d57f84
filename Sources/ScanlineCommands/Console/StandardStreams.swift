import Glibc

/// Standard input, output and error of this process.
enum StandardStreams {
  /// Occupies those that the caller has closed. The next file to be opened would get the number of
  /// one, and the guest's output would go to it.
  ///
  /// Each gets `/dev/full` in the direction in which it is useless, so that using it still fails.
  static func occupyClosed() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is this one: those below it are open by now.
      _ = unsafe open("/dev/full", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Whether standard output takes anything at all.
  static var isOutputWritable: Bool {
    let flags = fcntl(STDOUT_FILENO, F_GETFL)
    return flags >= 0 && flags & O_ACCMODE != O_RDONLY
  }
}
