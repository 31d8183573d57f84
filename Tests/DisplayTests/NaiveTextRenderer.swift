import Display

extension TextScreen {
  /// Every pixel of the screen by the rules of the VGA, one at a time, as `B G R X`.
  func naivePixels(_ memory: [UInt8]) -> [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<geometry.height {
      for x in 0..<geometry.columns * geometry.cellWidth {
        let color = naiveColor(x: x, y: y, memory)
        pixels += [color.blue, color.green, color.red, 0]
      }
    }
    return pixels
  }

  private func naiveColor(x: Int, y: Int, _ memory: [UInt8]) -> RGB {
    let (row, line) = y.quotientAndRemainder(dividingBy: geometry.cellHeight)
    let (column, dot) = x.quotientAndRemainder(dividingBy: geometry.cellWidth)
    let cellCount = self.memory.count / 2
    let cell = (startCell + row * stride + column) % cellCount
    let code = Int(memory[self.memory.lowerBound + 2 * cell])
    let attribute = Int(memory[self.memory.lowerBound + 2 * cell + 1])
    let glyphLine = style.glyphs[32 * code + line]
    var isSet: Bool
    if dot < 8 {
      isSet = glyphLine & (0x80 >> UInt8(dot)) != 0
    } else {
      isSet = style.joinsLineGraphics && code >= 0xC0 && code <= 0xDF && glyphLine & 1 != 0
    }
    if let cursor, stride > 0, cursor.lines.contains(line) {
      // The first place on the screen at which the cursor's cell appears.
      let distance = ((cursor.cell - startCell) % cellCount + cellCount) % cellCount
      if distance == row * stride + column, column < stride { isSet = true }
    }
    if isSet { return style.colors[attribute % 16] }
    return style.colors[style.blinks ? attribute / 16 % 8 : attribute / 16]
  }
}

extension [UInt8] {
  /// From the first to the last pixel of each line in which two pictures differ.
  func differences(from other: [UInt8], width: Int) -> [Int: Range<Int>] {
    var extents: [Int: Range<Int>] = [:]
    for pixel in 0..<count / 4
    where self[4 * pixel..<4 * pixel + 4] != other[4 * pixel..<4 * pixel + 4] {
      let (line, column) = pixel.quotientAndRemainder(dividingBy: width)
      extents[line] = (extents[line]?.lowerBound ?? column)..<(column + 1)
    }
    return extents
  }
}
