import Glibc

/// The CPU-time clock of another thread of this process.
struct ThreadClock {
  let id: clockid_t

  /// The clock of the one thread with this name.
  init(named name: String) throws(BenchmarkError) {
    guard let directory = unsafe opendir("/proc/self/task") else {
      throw BenchmarkError("/proc/self/task: cannot be read")
    }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let task = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      guard let thread = Int32(task), readFile("/proc/self/task/\(task)/comm") == name + "\n"
      else { continue }
      // CPUCLOCK_SCHED of a thread, as pthread_getcpuclockid(3) makes it.
      id = (~thread << 3) | 6
      return
    }
    throw BenchmarkError("there is no thread called \(name)")
  }
}
