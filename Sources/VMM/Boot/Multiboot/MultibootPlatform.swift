import Devices
import Display

/// What both versions say about memory and screen.
struct MultibootPlatform {
  private let platform: Platform

  init(_ platform: Platform) {
    self.platform = platform
  }

  /// KiB of conventional memory, from address 0.
  var lowerMemory: UInt32 { 639 }

  /// KiB from 1 MiB up to the first hole.
  var upperMemory: UInt32 {
    UInt32(clamping: (platform.memoryBelow4GiB - min(platform.memoryBelow4GiB, 1 << 20)) >> 10)
  }

  var memoryMap: [E820Map.Entry] { E820Map(platform).entries }

  /// The framebuffer, or the VGA's text, as both versions describe it; nil if there is neither.
  var framebuffer: Framebuffer? {
    platform.framebuffer.map { Framebuffer($0.mode) }
      ?? platform.textScreen.map { Framebuffer(columns: $0.columns, rows: $0.rows) }
  }

  struct Framebuffer {
    /// What a pixel is.
    enum Pixels {
      /// A colour of ``MultibootPlatform/palette``.
      case indexed
      /// Position and size in bits of red, green and blue.
      case direct(channels: [UInt8])
      /// A character and its attribute.
      case text

      /// The number of the type.
      var type: UInt8 {
        switch self {
        case .indexed: 0
        case .direct: 1
        case .text: 2
        }
      }
    }

    let address: UInt64
    /// In bytes.
    let stride: UInt32
    /// In pixels, or characters, as the height.
    let width: UInt32
    let height: UInt32
    let bitsPerPixel: UInt8
    let pixels: Pixels

    init(columns: Int, rows: Int) {
      address = MemoryMap.vgaText.rawValue
      stride = UInt32(clamping: 2 * columns)
      width = UInt32(clamping: columns)
      height = UInt32(clamping: rows)
      bitsPerPixel = 16
      pixels = .text
    }

    init(_ mode: DisplayMode) {
      address = MemoryMap.framebuffer.rawValue
      stride = UInt32(clamping: mode.stride)
      width = UInt32(clamping: mode.width)
      height = UInt32(clamping: mode.height)
      // Depth 15 takes 16 bits in memory; the channels say that one of them is unused.
      bitsPerPixel = UInt8(clamping: mode.format.bytesPerPixel * 8)
      pixels =
        mode.format == .indexed8
        ? .indexed : .direct(channels: BootInformation.channels(of: mode.format))
    }
  }

  /// The palette as the DAC has it at first: red, green and blue of each of 256 colours.
  static var palette: [UInt8] {
    let dac = VGADAC()
    return (0...UInt8.max).flatMap { pixel in
      let color = dac.color(of: pixel)
      return [color.red, color.green, color.blue]
    }
  }
}
