/// Filters the rows of an RGB image, top to bottom, so that they compress well.
///
/// The first row is filtered with `Sub` (differences to the pixel on the left), all others with `Up`
/// (differences to the pixel above): the pictures that guests draw repeat themselves from line to
/// line, and choosing per row would double the work for a per cent or two.
struct PNGFilter {
  private static let sub: UInt8 = 1
  private static let up: UInt8 = 2

  /// The last row that was filtered: the filter's number, then the filtered bytes.
  private(set) var output: [UInt8]
  private var row: [UInt8]
  private var rowAbove: [UInt8]

  init(width: Int) {
    output = Array(repeating: 0, count: 1 + 3 * width)
    row = Array(repeating: 0, count: 3 * width)
    rowAbove = row
  }

  /// Filters `line` of `frame` into ``output``. Lines come in order, from 0.
  mutating func filter(_ line: Int, of frame: borrowing Frame) {
    swap(&row, &rowAbove)
    var bytes = row.mutableSpan
    frame.copyRGBRow(line, into: &bytes)
    if line == 0 {
      output[0] = Self.sub
      for index in row.indices {
        output[1 + index] = row[index] &- (index < 3 ? 0 : row[index - 3])
      }
    } else {
      output[0] = Self.up
      for index in row.indices { output[1 + index] = row[index] &- rowAbove[index] }
    }
  }
}
