/// Writes binary portable pixmaps: `P6`, with 8 bits per channel.
///
/// Source: the netpbm manual page `ppm(5)`.
public struct PPMEncoder: ImageEncoder {
  public let fileExtension = "ppm"

  /// Rows are collected up to this size, so that an unbuffered writer does well.
  private static let pieceSize = 65536

  public init() {}

  public func encode<WriteError: Error>(
    _ frame: borrowing Frame, to write: (Span<UInt8>) throws(WriteError) -> Void
  ) throws(ImageEncodingError<WriteError>) {
    guard !frame.isEmpty else { throw .emptyFrame }
    var row = [UInt8](repeating: 0, count: 3 * frame.width)
    var piece = Array("P6\n\(frame.width) \(frame.height)\n255\n".utf8)
    piece.reserveCapacity(max(Self.pieceSize, piece.count + row.count))
    do throws(WriteError) {
      for line in 0..<frame.height {
        if piece.count + row.count > Self.pieceSize {
          try write(piece.span)
          piece.removeAll(keepingCapacity: true)
        }
        var output = row.mutableSpan
        frame.copyRGBRow(line, into: &output)
        piece += row
      }
      try write(piece.span)
    } catch {
      throw .write(error)
    }
  }
}
