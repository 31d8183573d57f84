/// How a pixel is laid out in video memory.
///
/// The layouts are those of the Bochs VBE display interface (and of QEMU's `std` VGA): pixels are
/// little-endian and blue is in the low bits, so that a 32-bit pixel is the bytes `B G R X`.
public enum PixelFormat: Sendable, Hashable, CaseIterable {
  /// 8 bits: an index into the ``Palette``.
  case indexed8
  /// 15 bits in two bytes: `X RRRRR GGGGG BBBBB`, the top bit unused.
  case rgb555
  /// 16 bits: `RRRRR GGGGGG BBBBB`.
  case rgb565
  /// 24 bits: the bytes `B G R`, unpadded, so a pixel may lie across a page boundary.
  case rgb888
  /// 32 bits: the bytes `B G R X`, the top byte unused.
  case xrgb8888

  /// The format that the Bochs VBE interface selects with a depth of `bitsPerPixel`.
  ///
  /// - Returns: `nil` unless `bitsPerPixel` is 8, 15, 16, 24 or 32. (Bochs VBE also has 4 bits per
  ///   pixel, a planar VGA mode without a linear framebuffer.)
  public init?(bitsPerPixel: Int) {
    switch bitsPerPixel {
    case 8: self = .indexed8
    case 15: self = .rgb555
    case 16: self = .rgb565
    case 24: self = .rgb888
    case 32: self = .xrgb8888
    default: return nil
    }
  }

  /// The depth as the Bochs VBE interface counts it: 8, 15, 16, 24 or 32.
  public var bitsPerPixel: Int {
    switch self {
    case .indexed8: 8
    case .rgb555: 15
    case .rgb565: 16
    case .rgb888: 24
    case .xrgb8888: 32
    }
  }

  /// The size of a pixel in video memory: 1, 2, 2, 3 or 4 bytes.
  public var bytesPerPixel: Int {
    switch self {
    case .indexed8: 1
    case .rgb555, .rgb565: 2
    case .rgb888: 3
    case .xrgb8888: 4
    }
  }
}
