import ArgumentParser
import Glibc

/// What the program itself needs, beside what its guest touched.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Peak resident memory less the guest's.")

  @OptionGroup var options: FigureOptions

  @Option(help: ArgumentHelp("A build of scanline.", valueName: "name=path"))
  var build: [NamedPath]

  @Argument(help: "A guest that draws and ends.")
  var image: String

  func run() throws {
    var figure = Figure(
      title: "Own memory: peak resident size less the guest's, with a screenshot", unit: "KiB",
      digits: 0)
    let samples = try interleave(
      rounds: options.runs ?? 5, build.map { build in { try measure(build.path) } })
    for (build, samples) in zip(build, samples) {
      figure.rows.append(Row(label: build.name, samples: samples, target: .median(16 * 1024)))
    }
    try options.report([figure])
  }

  /// The own memory of one run, in KiB.
  ///
  /// The picture goes through a pipe, and with every piece that arrives the process is looked at
  /// while it is there to be looked at. By the last piece the guest has run and its frame has been
  /// taken and encoded. `ru_maxrss` would not do: a child inherits its parent's.
  private func measure(_ program: String) throws -> Double {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw BenchmarkError("pipe: error \(errno)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let child = try ChildProcess([program, "run", image, "--screenshot", "-"], output: ends[1])
    close(ends[1])
    defer { close(ends[0]) }
    var own: Int?
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while unsafe read(ends[0], &piece, piece.count) > 0 {
      guard let use = MemoryUse(of: child.id) else { break }
      own = max(own ?? 0, use.own)
    }
    try child.wait()
    guard let own else { throw BenchmarkError("\(program): ended before it could be looked at") }
    return Double(own)
  }
}
