import Glibc

/// What `/proc` tells about a running process's memory, in KiB.
struct MemoryUse {
  /// The most that was resident at one time so far: `VmHWM`.
  let peak: Int
  /// What is resident of the guest's RAM and video memory.
  let guest: Int

  /// The process's own part: what it would need for a guest that touches nothing.
  var own: Int { peak - guest }

  /// No stack, heap or table of a VMM is mapped in one piece of this size; guests' memory is.
  private static let smallestGuestMapping = 16 << 10

  /// nil when the process has ended.
  init?(of process: pid_t) {
    guard let status = readFile("/proc/\(process)/status"),
      let peak = Self.field("VmHWM:", in: status),
      let map = readFile("/proc/\(process)/smaps")
    else { return nil }
    self.peak = peak
    guest = Self.guestMemory(map)
  }

  /// The resident size of all large anonymous mappings.
  private static func guestMemory(_ map: String) -> Int {
    var total = 0
    var isGuest = false
    for line in map.split(separator: "\n") {
      if let size = field("Size:", in: line) {
        isGuest = size >= smallestGuestMapping
      } else if isGuest, let resident = field("Rss:", in: line) {
        total += resident
      }
    }
    return total
  }

  /// The number after `name` at the start of a line.
  private static func field(_ name: String, in text: some StringProtocol) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let number = line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }
      return Int(number.prefix { $0.isNumber })
    }
    return nil
  }
}

/// The whole of a file that has no size of its own, as those in `/proc`.
func readFile(_ path: String) -> String? {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(descriptor, &chunk, chunk.count)
    guard count > 0 else { break }
    bytes += chunk.prefix(count)
  }
  return String(decoding: bytes, as: UTF8.self)
}
