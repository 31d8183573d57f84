/// Writes portable network graphics: 8 bits per channel, RGB, not interlaced.
///
/// Source: the W3C recommendation "Portable Network Graphics (PNG) Specification".
public struct PNGEncoder: ImageEncoder {
  public let fileExtension = "png"

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let chunkCapacity = 65536

  public init() {}

  public func encode<WriteError: Error>(
    _ frame: borrowing Frame, to write: (Span<UInt8>) throws(WriteError) -> Void
  ) throws(ImageEncodingError<WriteError>) {
    guard !frame.isEmpty else { throw .emptyFrame }
    guard var deflater = Deflater() else { throw .compression }
    try Self.put(Self.signature, write)
    try Self.put(PNGChunk.header(width: frame.width, height: frame.height).bytes, write)

    var filter = PNGFilter(width: frame.width)
    var content = [UInt8](repeating: 0, count: Self.chunkCapacity)
    var contentCount = 0
    for line in 0..<frame.height {
      filter.filter(line, of: frame)
      let isLast = line == frame.height - 1
      var consumed = 0
      var isFinished = false
      // The last row is not done before the stream has ended, which may take another chunk.
      while consumed < filter.output.count || (isLast && !isFinished) {
        var buffer = content.mutableSpan
        guard
          let step = deflater.compress(
            filter.output.span.extracting(consumed...), into: &buffer, from: contentCount,
            isLast: isLast)
        else { throw .compression }
        consumed += step.consumed
        contentCount += step.produced
        isFinished = step.isFinished
        if isFinished || contentCount == content.count {
          try Self.put(PNGChunk(type: "IDAT", content: content[..<contentCount]).bytes, write)
          contentCount = 0
        }
      }
    }
    try Self.put(PNGChunk(type: "IEND", content: []).bytes, write)
  }

  private static func put<WriteError: Error>(
    _ bytes: [UInt8], _ write: (Span<UInt8>) throws(WriteError) -> Void
  ) throws(ImageEncodingError<WriteError>) {
    do throws(WriteError) {
      try write(bytes.span)
    } catch {
      throw .write(error)
    }
  }
}
