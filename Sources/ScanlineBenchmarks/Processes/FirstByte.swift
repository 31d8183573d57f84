import Glibc

/// How long it takes from the start of `command` to the first byte on its standard output, in seconds.
/// What follows is read, too, and its end waited for.
func durationToFirstByte(of command: [String]) throws(BenchmarkError) -> Double {
  var ends: [Int32] = [-1, -1]
  guard unsafe pipe(&ends) == 0 else { throw BenchmarkError("no pipe (error \(errno))") }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  defer { close(ends[0]) }
  let start = seconds(on: CLOCK_MONOTONIC)
  let process: ChildProcess
  do {
    // Only the child has the writing end then: its end is the pipe's.
    defer { close(ends[1]) }
    process = try ChildProcess(command, output: ends[1])
  }
  var bytes = [UInt8](repeating: 0, count: 4096)
  var time: Double?
  while true {
    let count = unsafe read(ends[0], &bytes, bytes.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { break }
    if time == nil { time = seconds(on: CLOCK_MONOTONIC) - start }
  }
  try process.wait()
  guard let time else { throw BenchmarkError("\(command[0]): printed nothing") }
  return time
}
