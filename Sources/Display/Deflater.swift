import CZlib

/// A zlib stream that compresses (RFC 1950 and 1951).
@safe struct Deflater: ~Copyable {
  struct Step {
    var consumed: Int
    var produced: Int
    /// Whether the stream has ended, which it does after its last input.
    var isFinished: Bool
  }

  /// At a fixed address, because zlib keeps a pointer to it.
  private let stream: UnsafeMutablePointer<z_stream>

  /// `nil` if there is not enough memory.
  init?() {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe deflateInit_(
      stream, Z_DEFAULT_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      unsafe stream.deallocate()
      return nil
    }
    unsafe self.stream = stream
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses as much of `input` as there is room for in `output` from the index `start` on.
  ///
  /// - Returns: `nil` if zlib fails.
  mutating func compress(
    _ input: Span<UInt8>, into output: inout MutableSpan<UInt8>, from start: Int, isLast: Bool
  ) -> Step? {
    precondition((0...output.count).contains(start))
    let inputCount = input.count
    let room = output.count - start
    let status = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        // zlib does not write through next_in.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = uInt(input.count)
        unsafe stream.pointee.next_out = output.baseAddress.map { unsafe $0 + start }
        unsafe stream.pointee.avail_out = uInt(room)
        return unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
      }
    }
    // Z_BUF_ERROR only says that there was nothing to do without more input or output.
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return nil }
    return unsafe Step(
      consumed: inputCount - Int(stream.pointee.avail_in),
      produced: room - Int(stream.pointee.avail_out),
      isFinished: status == Z_STREAM_END)
  }
}
