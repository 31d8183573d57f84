/// A style of characters, ready to be drawn and compared.
struct TextLook: Sendable {
  /// The pixels of a cell's set dots and of the others.
  struct Colors {
    let foreground: UInt32
    let background: UInt32
  }

  /// Scanlines of a character in ``dots``.
  static let linesPerCharacter = 32

  let style: TextScreen.Style
  /// What the 256 attributes look like.
  private let colors: [Colors]
  /// The scanlines of the 256 characters: bit 15 is the leftmost dot, bit 7 the ninth.
  private let dots: [UInt16]
  /// The scanlines of the 256 characters that have dots, the uppermost in bit 0.
  private let inkedLines: [UInt32]

  /// - Parameter former: Lends its dots if they are the same.
  init(_ style: TextScreen.Style, former: TextLook? = nil) {
    self.style = style
    let pixels = style.colors.map(\.xrgb8888)
    let backgroundMask = style.blinks ? 7 : 0xF
    colors = (0..<256).map {
      Colors(foreground: pixels[$0 & 0xF], background: pixels[$0 >> 4 & backgroundMask])
    }
    if let former, former.style.joinsLineGraphics == style.joinsLineGraphics,
      former.style.glyphs == style.glyphs
    {
      dots = former.dots
      inkedLines = former.inkedLines
    } else {
      dots = style.glyphs.indices.map { index in
        let glyph = UInt16(style.glyphs[index])
        let joins =
          style.joinsLineGraphics && (0xC0...0xDF).contains(index / Self.linesPerCharacter)
        return (glyph << 8 | (joins ? glyph << 7 & 0x80 : 0)).littleEndian
      }
      inkedLines = (0..<256).map { character in
        (0..<Self.linesPerCharacter).reduce(0) { lines, line in
          style.glyphs[Self.linesPerCharacter * character + line] == 0
            ? lines : lines | 1 << UInt32(line)
        }
      }
    }
  }

  /// Lends the rows of a screen in this look.
  ///
  /// - Parameters:
  ///   - cells: Row by row.
  ///   - cursor: nil if none is seen.
  func withRows(
    _ cells: [UInt16], columns: Int, cursor: TextScreen.VisibleCursor?, _ body: (TextRows) -> Void
  ) {
    unsafe colors.withUnsafeBufferPointer { colors in
      unsafe dots.withUnsafeBytes { dots in
        unsafe inkedLines.withUnsafeBufferPointer { inkedLines in
          unsafe cells.withUnsafeBufferPointer { cells in
            guard let cells = cells.baseAddress, let dots = dots.baseAddress,
              let inkedLines = inkedLines.baseAddress, let colors = colors.baseAddress
            else { return }
            unsafe body(
              TextRows(
                columns: columns, cells: cells, dots: dots, inkedLines: inkedLines,
                colors: colors, cursor: cursor))
          }
        }
      }
    }
  }
}

extension RGB {
  /// As a pixel of ``PixelFormat/xrgb8888``, little endian.
  fileprivate var xrgb8888: UInt32 {
    (UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)).littleEndian
  }
}
