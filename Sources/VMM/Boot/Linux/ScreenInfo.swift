import Display

/// `struct screen_info`, by which Linux finds the framebuffer or the text mode that is on at its start.
///
/// Source: include/uapi/linux/screen_info.h in Linux.
enum ScreenInfo {
  /// VIDEO_TYPE_EFI, which GRUB too gives for any linear framebuffer that is not VESA's: efifb and
  /// simple-framebuffer (simpledrm) take it.
  private static let linearFramebuffer: UInt8 = 0x70
  /// VIDEO_CAPABILITY_SKIP_QUIRKS: the mode is what it is, whatever DMI says.
  private static let skipQuirks: UInt32 = 1 << 0
  /// The type of a VGA that shows text.
  private static let vga: UInt8 = 1
  /// The BIOS's number of the mode with 80 columns in 16 colours.
  private static let colourText: UInt8 = 3
  /// What INT 10h, AH=12h, BL=10h returns in BX: colour, and 256 KiB or more.
  private static let colourAdapter: UInt16 = 0x0003

  private enum Offset {
    static let videoMode = 0x06
    static let columns = 0x07
    static let adapter = 0x0A
    static let rows = 0x0E
    static let videoType = 0x0F
    static let characterHeight = 0x10
    static let width = 0x12
    static let height = 0x14
    static let depth = 0x16
    static let base = 0x18
    static let size = 0x1C
    static let lineLength = 0x24
    static let channels = 0x26
    static let capabilities = 0x36
  }

  /// The structure's 64 bytes; all 0 without a screen, and with a framebuffer of 8 bits, whose palette
  /// it cannot tell.
  static func bytes(_ platform: Platform) -> [UInt8] {
    var info = [UInt8](repeating: 0, count: 64)
    if let screen = platform.textScreen {
      info.store(littleEndian: colourText, at: Offset.videoMode)
      info.store(littleEndian: UInt8(clamping: screen.columns), at: Offset.columns)
      info.store(littleEndian: colourAdapter, at: Offset.adapter)
      info.store(littleEndian: UInt8(clamping: screen.rows), at: Offset.rows)
      info.store(littleEndian: vga, at: Offset.videoType)
      info.store(
        littleEndian: UInt16(clamping: screen.characterHeight), at: Offset.characterHeight)
      return info
    }
    guard let framebuffer = platform.framebuffer,
      let channels = channels(of: framebuffer.mode.format)
    else { return info }
    let mode = framebuffer.mode
    info.store(littleEndian: linearFramebuffer, at: Offset.videoType)
    info.store(littleEndian: UInt16(clamping: mode.width), at: Offset.width)
    info.store(littleEndian: UInt16(clamping: mode.height), at: Offset.height)
    // What is unused counts, too: Linux knows no format of 15 bits.
    info.store(littleEndian: UInt16(clamping: mode.format.bytesPerPixel * 8), at: Offset.depth)
    info.store(
      littleEndian: UInt32(clamping: MemoryMap.framebuffer.rawValue), at: Offset.base)
    info.store(littleEndian: UInt32(clamping: framebuffer.videoMemorySize), at: Offset.size)
    info.store(littleEndian: UInt16(clamping: mode.stride), at: Offset.lineLength)
    info.replaceSubrange(Offset.channels..<Offset.channels + channels.count, with: channels)
    info.store(littleEndian: skipQuirks, at: Offset.capabilities)
    return info
  }

  /// Size and position of red, green, blue and what is unused; nil with a palette.
  private static func channels(of format: PixelFormat) -> [UInt8]? {
    switch format {
    case .indexed8: nil
    case .rgb555: [5, 10, 5, 5, 5, 0, 1, 15]
    case .rgb565: [5, 11, 6, 5, 5, 0, 0, 0]
    case .rgb888: [8, 16, 8, 8, 8, 0, 0, 0]
    case .xrgb8888: [8, 16, 8, 8, 8, 0, 8, 24]
    }
  }
}
