/// What of video memory is visible, and how: the geometry of the picture and its place in memory.
///
/// A mode can only be made for a video memory that holds all of it, so whoever has a mode can
/// address every visible byte without further checks, whatever a guest wrote into the registers it
/// was made from.
///
/// ```
///            startOffset            rowBytes = width * bytesPerPixel
///                 |<------------------------------>|
///   video memory: ..PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP......PPPPPPPPP...   P visible, . not
///                 |<------------- stride ----------------->|
/// ```
public struct DisplayMode: Equatable, Sendable {
  /// The largest ``width`` and ``height`` in pixels: no guest can make a sink allocate more.
  public static let maximumDimension = 16384

  /// Visible pixels per line.
  public let width: Int
  /// Visible lines.
  public let height: Int
  /// The layout of a pixel.
  public let format: PixelFormat
  /// Bytes from the start of a line to the start of the next one.
  public let stride: Int
  /// Bytes from the start of video memory to the first visible pixel (page flipping, panning).
  public let startOffset: Int

  /// A mode whose visible window lies entirely inside `videoMemorySize` bytes.
  ///
  /// - Parameters:
  ///   - width: Visible pixels per line, 1 to ``maximumDimension``.
  ///   - height: Visible lines, 1 to ``maximumDimension``.
  ///   - format: The layout of a pixel.
  ///   - stride: Bytes from line to line, at least one visible line.
  ///   - startOffset: Bytes before the first visible pixel.
  ///   - videoMemorySize: Bytes of video memory.
  /// - Returns: `nil` if a value is outside its range, or if the last visible byte would be outside
  ///   video memory.
  public init?(
    width: Int, height: Int, format: PixelFormat, stride: Int, startOffset: Int,
    videoMemorySize: Int
  ) {
    guard (1...Self.maximumDimension).contains(width),
      (1...Self.maximumDimension).contains(height),
      stride >= width * format.bytesPerPixel, startOffset >= 0
    else { return nil }
    let (beforeLastLine, overflow) = stride.multipliedReportingOverflow(by: height - 1)
    let (windowSize, windowOverflow) = beforeLastLine.addingReportingOverflow(
      width * format.bytesPerPixel)
    guard !overflow, !windowOverflow, windowSize <= videoMemorySize,
      startOffset <= videoMemorySize - windowSize
    else { return nil }
    self.width = width
    self.height = height
    self.format = format
    self.stride = stride
    self.startOffset = startOffset
  }

  /// Bytes of visible pixels per line.
  public var rowBytes: Int { width * format.bytesPerPixel }

  /// The bytes of video memory from the first visible pixel to the end of the last one. They include
  /// the padding between lines, but none after the last.
  public var window: Range<Int> {
    startOffset..<(startOffset + (height - 1) * stride + rowBytes)
  }

  /// Whether a frame of `other` has the same shape, so that only its place in memory differs.
  func hasSameGeometry(as other: DisplayMode) -> Bool {
    width == other.width && height == other.height && format == other.format
  }
}
