import Glibc
import SystemPackage

/// The threads of this process that belong to machines.
enum ProcessThreads {
  /// Their names, as far as they begin as a machine names its threads.
  static func ofMachines() -> [String] {
    names().filter { name in
      ["vcpu", "flusher", "halt", "reset", "serial", "timers", "trace"].contains {
        name.hasPrefix($0)
      }
    }
  }

  /// Waits until machines have exactly the threads `names`: a new thread gets its name a moment after
  /// its start. Returns what they have after ten seconds if that is something else.
  static func ofMachines(awaiting names: Set<String>) -> Set<String> {
    for _ in 0..<10_000 {
      if Set(ofMachines()) == names { break }
      usleep(1000)
    }
    return Set(ofMachines())
  }

  /// Waits until no machine has a thread: one that was joined disappears from the list a moment
  /// later. Gives up, and says who is left, after ten seconds.
  static func leftByMachines() -> [String] {
    for _ in 0..<10_000 {
      if ofMachines().isEmpty { return [] }
      usleep(1000)
    }
    return ofMachines()
  }

  private static func names() -> [String] {
    guard let folder = unsafe opendir("/proc/self/task") else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let id = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if let name = contents(of: "/proc/self/task/\(id)/comm") { names.append(name) }
    }
    return names
  }

  /// nil when the thread has just ended.
  private static func contents(of path: String) -> String? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    else { return nil }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 64)
    guard let count = try? unsafe bytes.withUnsafeMutableBytes({ try unsafe file.read(into: $0) })
    else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
      .split(separator: "\n").first.map(String.init)
  }
}
