import Glibc
import SystemPackage

/// The guests of `guests/`, built once per test process by `scripts/build-guests`.
public enum GuestImages {
  /// A build that failed, with what the script said.
  public struct BuildFailure: Error, CustomStringConvertible {
    public let description: String
  }

  /// The path of the guest `name`'s image.
  public static func path(_ name: String) throws -> String {
    let folder = try folder.get()
    for path in ["\(folder)/\(name).bin", "\(folder)/\(name).elf"]
    where unsafe access(path, R_OK) == 0 { return path }
    throw BuildFailure(description: "scripts/build-guests built no \(name)")
  }

  /// The image of the guest `name`.
  public static func bytes(_ name: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(
      FilePath(try path(name)), .readOnly, options: .closeOnExec)
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: Int(try file.seek(offset: 0, from: .end)))
      let count = try unsafe bytes.withUnsafeMutableBytes {
        try unsafe file.read(fromAbsoluteOffset: 0, into: $0)
      }
      return Array(bytes.prefix(count))
    }
  }

  private static let folder: Result<String, BuildFailure> = {
    let folder = PackageRoot.path + "/.build/guests"
    let script = PackageRoot.path + "/scripts/build-guests"
    let command = "\(quoted(script)) --output \(quoted(folder)) 2>&1"
    guard let stream = unsafe popen(command, "re") else {
      return .failure(BuildFailure(description: "popen: errno \(errno)"))
    }
    var output: [UInt8] = []
    while case let byte = unsafe getc(stream), byte != EOF {
      output.append(UInt8(truncatingIfNeeded: byte))
    }
    let status = unsafe pclose(stream)
    guard status == 0 else {
      return .failure(
        BuildFailure(
          description: "scripts/build-guests: wait status \(status)\n"
            + String(decoding: output, as: UTF8.self)))
    }
    return .success(folder)
  }()

  /// One word of a shell command, whatever is in it.
  private static func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}
