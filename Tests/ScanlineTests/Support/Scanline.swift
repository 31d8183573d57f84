import Glibc
import SystemPackage

/// The built executable.
enum Scanline {
  /// Beside the test bundle, where one build puts both.
  static let path: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    return FilePath(text(buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }))
      .removingLastComponent()
      .appending("scanline").string
  }()

  /// Everything about a run that has ended.
  struct Completion {
    let end: ChildProcess.End
    let output: [UInt8]
    let errors: String

    /// The lines on standard error, without the last newline.
    var errorLines: [String] {
      errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
  }

  /// Runs `scanline` with `arguments` to its end.
  static func run(
    _ arguments: String..., input: ChildProcess.Input = .bytes([]),
    output: ChildProcess.Output = .collected, errors: ChildProcess.Output = .collected,
    directory: String? = nil
  ) throws -> Completion {
    try finish(
      ChildProcess(
        [path] + arguments, input: input, output: output, errors: errors, directory: directory))
  }

  /// Runs a shell script to its end; `"$@"` in it is `scanline` with `arguments`.
  static func shell(
    _ script: String, _ arguments: String..., output: ChildProcess.Output = .collected,
    directory: String? = nil
  ) throws -> Completion {
    try finish(
      ChildProcess(
        ["/bin/sh", "-c", script, "sh", path] + arguments, output: output, directory: directory))
  }

  /// Starts `scanline` and returns at once.
  static func start(
    _ arguments: String..., input: ChildProcess.Input = .open,
    output: ChildProcess.Output = .collected
  ) throws -> ChildProcess {
    try ChildProcess([path] + arguments, input: input, output: output)
  }

  static func finish(_ process: ChildProcess) throws -> Completion {
    let end = try process.finish()
    return Completion(end: end, output: process.output, errors: text(process.errors))
  }
}
