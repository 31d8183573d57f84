import Glibc

/// Descriptors 0, 1 and 2.
enum StandardStreams {
  /// Occupies those that our caller has closed, before a file of ours gets their number and, say, a
  /// guest's output lands in `/dev/kvm`.
  ///
  /// They are opened the wrong way round, so that using them fails as with a closed one; but nobody
  /// needs to know that our own messages cannot be read.
  static func reserve() {
    for (descriptor, mode) in [
      (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
    ] where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is taken, and that is this one.
      _ = unsafe open("/dev/null", mode)
    }
  }
}
