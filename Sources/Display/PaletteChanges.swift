/// The entries in which two palettes differ.
struct PaletteChanges {
  private let isChanged: InlineArray<256, Bool>

  init(from former: Palette, to new: Palette) {
    isChanged = InlineArray { former.colors[$0] != new.colors[$0] }
  }

  /// From the first to the last pixel of a row of ``PixelFormat/indexed8`` whose colour changes;
  /// `nil` if none does.
  func extent(in row: Span<UInt8>) -> Range<Int>? {
    var first = 0
    while first < row.count, !isChanged[Int(row[first])] { first += 1 }
    if first == row.count { return nil }
    var end = row.count
    while !isChanged[Int(row[end - 1])] { end -= 1 }
    return first..<end
  }
}
