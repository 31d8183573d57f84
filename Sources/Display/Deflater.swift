import CZlib

/// A zlib stream that compresses (RFC 1950 and 1951).
@safe struct Deflater: ~Copyable {
  struct Failure: Error {
    var status: Int32
  }

  struct Step {
    var consumed: Int
    var produced: Int
    /// Whether the stream has ended, which it does after its last input.
    var isFinished: Bool
  }

  /// At a fixed address, because zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(Failure) {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe deflateInit_(
      stream, Z_DEFAULT_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      unsafe stream.deallocate()
      throw Failure(status: status)
    }
    unsafe self.stream = stream
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses as much of `input` into `output` as there is room for.
  mutating func compress(
    _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, isLast: Bool
  ) throws(Failure) -> Step {
    let inputCount = input.count
    let outputCount = output.count
    let status = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        // zlib does not write through next_in.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = uInt(input.count)
        unsafe stream.pointee.next_out = output.baseAddress
        unsafe stream.pointee.avail_out = uInt(output.count)
        return unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
      }
    }
    // Z_BUF_ERROR only says that there was nothing to do without more input or output.
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
      throw Failure(status: status)
    }
    return unsafe Step(
      consumed: inputCount - Int(stream.pointee.avail_in),
      produced: outputCount - Int(stream.pointee.avail_out),
      isFinished: status == Z_STREAM_END)
  }
}
