extension Frame {
  /// The colour of the pixel in column `x` of line `y`.
  ///
  /// - Precondition: `x` is in `0..<width` and `y` in `0..<height`.
  public func rgb(x: Int, y: Int) -> RGB {
    var bytes = InlineArray<3, UInt8>(repeating: 0)
    var output = bytes.mutableSpan
    copyRGBRow(y, columns: x..<(x + 1), into: &output)
    return RGB(red: bytes[0], green: bytes[1], blue: bytes[2])
  }

  /// Writes the colours of `line` to the first `3 * width` bytes of `output`, as `R G B` per pixel.
  ///
  /// - Precondition: `line` is in `0..<height` and `output` has at least `3 * width` bytes.
  public func copyRGBRow(_ line: Int, into output: inout MutableSpan<UInt8>) {
    copyRGBRow(line, columns: 0..<width, into: &output)
  }

  /// Writes the colours of the pixels in `columns` of `line` to the first `3 * columns.count` bytes
  /// of `output`, as `R G B` per pixel.
  ///
  /// Channels of 5 and 6 bits are widened by repeating their high bits, so that the brightest value
  /// is 255.
  ///
  /// - Precondition: `line` and `columns` are inside the frame and `output` is large enough.
  public func copyRGBRow(
    _ line: Int, columns: Range<Int>, into output: inout MutableSpan<UInt8>
  ) {
    precondition((0..<height).contains(line), "line \(line) of \(height)")
    precondition(columns.lowerBound >= 0 && columns.upperBound <= width, "columns \(columns)")
    precondition(output.count >= 3 * columns.count, "a row of \(3 * columns.count) bytes")
    guard let format = mode?.format else { return }
    let offset = offset(ofLine: line) + columns.lowerBound * format.bytesPerPixel
    unsafe pixels.withUnsafeBytes { pixels in
      unsafe output.withUnsafeMutableBufferPointer { output in
        guard let source = pixels.baseAddress, let target = output.baseAddress
        else { return }
        unsafe convert(
          UnsafePixels(format: format, first: source + offset, count: columns.count),
          to: target)
      }
    }
  }

  /// The conversion itself: the one place that reads pixels without a bounds check each, after
  /// ``copyRGBRow(_:columns:into:)`` has checked them all.
  private func convert(_ pixels: UnsafePixels, to output: UnsafeMutablePointer<UInt8>) {
    switch unsafe pixels.format {
    case .indexed8:
      unsafe palette.colors.withUnsafeBufferPointer { colors in
        unsafe pixels.forEach(to: output) { pixel in
          unsafe colors[Int(pixel.load(as: UInt8.self))]
        }
      }
    case .rgb555:
      unsafe pixels.forEach(to: output) { pixel in
        let value = unsafe UInt16(littleEndian: pixel.loadUnaligned(as: UInt16.self))
        return RGB(
          red: widen(value >> 10, bits: 5), green: widen(value >> 5, bits: 5),
          blue: widen(value, bits: 5))
      }
    case .rgb565:
      unsafe pixels.forEach(to: output) { pixel in
        let value = unsafe UInt16(littleEndian: pixel.loadUnaligned(as: UInt16.self))
        return RGB(
          red: widen(value >> 11, bits: 5), green: widen(value >> 5, bits: 6),
          blue: widen(value, bits: 5))
      }
    case .rgb888, .xrgb8888:
      unsafe pixels.forEach(to: output) { pixel in
        unsafe RGB(
          red: pixel.load(fromByteOffset: 2, as: UInt8.self),
          green: pixel.load(fromByteOffset: 1, as: UInt8.self),
          blue: pixel.load(as: UInt8.self))
      }
    }
  }
}

/// A range of pixels in one line of the shadow.
@unsafe private struct UnsafePixels {
  let format: PixelFormat
  let first: UnsafeRawPointer
  let count: Int

  @inline(__always)
  func forEach(to output: UnsafeMutablePointer<UInt8>, _ color: (UnsafeRawPointer) -> RGB) {
    let size = unsafe format.bytesPerPixel
    var pixel = unsafe first
    var target = unsafe output
    for _ in unsafe 0..<count {
      let color = unsafe color(pixel)
      unsafe target[0] = color.red
      unsafe target[1] = color.green
      unsafe target[2] = color.blue
      unsafe pixel += size
      unsafe target += 3
    }
  }
}

/// The low `bits` bits of `value` as an 8-bit channel: 0 stays 0 and all ones become 255.
@inline(__always)
private func widen(_ value: UInt16, bits: UInt16) -> UInt8 {
  let channel = value & ((1 << bits) &- 1)
  return UInt8(truncatingIfNeeded: (channel &<< (8 &- bits)) | (channel &>> (2 &* bits &- 8)))
}
