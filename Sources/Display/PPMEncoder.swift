/// Writes binary portable pixmaps: `P6`, with 8 bits per channel.
///
/// Source: the netpbm manual page `ppm(5)`.
public struct PPMEncoder: ImageEncoder {
  public let fileExtension = "ppm"

  public init() {}

  public func encode<WriteError: Error>(
    _ frame: borrowing Frame, to write: (Span<UInt8>) throws(WriteError) -> Void
  ) throws(ImageEncodingError<WriteError>) {
    guard !frame.isEmpty else { throw .emptyFrame }
    let rowSize = 3 * frame.width
    // As many rows per write as fit into 64 KiB, so that a plain file descriptor is written well.
    let rowsPerPiece = max(1, 65536 / rowSize)
    var piece = Array("P6\n\(frame.width) \(frame.height)\n255\n".utf8)
    do throws(WriteError) {
      try write(piece.span)
      piece = Array(repeating: 0, count: rowSize * min(rowsPerPiece, frame.height))
      var line = 0
      while line < frame.height {
        let lines = line..<min(line + rowsPerPiece, frame.height)
        for line in lines {
          var row = piece[((line - lines.lowerBound) * rowSize)...].mutableSpan
          frame.copyRGBRow(line, into: &row)
        }
        try write(piece.span.extracting(first: lines.count * rowSize))
        line = lines.upperBound
      }
    } catch {
      throw .write(error)
    }
  }
}
