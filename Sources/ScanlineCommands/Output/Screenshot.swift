import Display
import Glibc
import SystemPackage
import VMM

/// Where the last frame goes: a file, or standard output.
struct Screenshot {
  private let file: AtomicFile?
  private let encoder: any ImageEncoder

  /// Whether it goes to standard output, which then is not the guest's.
  var usesStandardOutput: Bool { file == nil }
  /// Whether writing may have to wait for a reader.
  var mayBlock: Bool { file?.mayBlock ?? true }
  /// Where it is, for messages.
  var name: String { file?.name ?? "standard output" }

  /// - Parameter path: `-` for standard output; PNG if it ends in `.png`, else PPM.
  init(path: String) throws(VMMError) {
    encoder =
      PictureFormat.encoder(forFileExtension: FilePath(path).extension ?? "") ?? PPMEncoder()
    if path == "-" {
      guard isatty(STDOUT_FILENO) == 0 else {
        throw VMMError(
          .usage, "screenshot -: standard output is a terminal; redirect it or name a file")
      }
      guard StandardStreams.isOutputWritable else {
        throw VMMError(
          .io, "screenshot -: standard output cannot be written; open it or name a file")
      }
      file = nil
    } else {
      file = try AtomicFile(path: path)
    }
  }

  func write(_ frame: borrowing Frame) throws(VMMError) {
    guard !frame.isEmpty else {
      throw VMMError(.io, "screenshot: the guest switched the display off; there is no picture")
    }
    guard let file else {
      do {
        return try encode(frame, to: .standardOutput)
      } catch {
        throw VMMError(.io, "screenshot on standard output: \(error); make room for it")
      }
    }
    // A frame is lent and cannot be captured by an escaping closure; this one does not escape.
    let frame = frame.copy()
    try file.write { try encode(frame, to: $0) }
  }

  private func encode(_ frame: borrowing Frame, to descriptor: FileDescriptor) throws {
    var output = BufferedOutput(descriptor)
    try encoder.encode(frame) { piece in try output.append(piece) }
    try output.flush()
  }
}

/// Gathers the small pieces of an encoder into large writes.
private struct BufferedOutput {
  private static let capacity = 1 << 16
  private let descriptor: FileDescriptor
  private var buffer: [UInt8] = []

  init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
    buffer.reserveCapacity(2 * Self.capacity)
  }

  mutating func append(_ piece: Span<UInt8>) throws {
    unsafe piece.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    if buffer.count >= Self.capacity { try flush() }
  }

  mutating func flush() throws {
    try descriptor.writeAll(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
