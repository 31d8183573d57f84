/// The registers of the Bochs VBE display interface (DISPI): an index and a data port.
///
/// After Bochs' `vbe.h` and QEMU's `hw/display/vga.c`. There is no way to report an error to the
/// guest, so a value that cannot be is adjusted to one that can, and reads back so:
/// - An unknown depth becomes 8. Depth 4, which is planar, counts as unknown.
/// - Width 0 becomes 8 and height 0 becomes 1; at most 16000 x 12000, and no more than video memory
///   holds. Unlike `vga.c`, and like Bochs and QEMU's `bochs-display.c`, the width is not rounded
///   down to a multiple of 8: 1366 pixels are 1366.
/// - The virtual width is at least the width; the virtual height follows from the video memory.
/// - If the window would leave video memory, the y offset becomes 0, and if that is not enough the
///   x offset, too.
///
/// All this happens only while the display is enabled; before, registers hold what was written.
/// Together it upholds the promise of ``DisplayState``.
public struct DispiRegisters: Equatable, Sendable {
  /// Register numbers.
  public enum Index {
    /// The version of the interface, 0xB0C0 to 0xB0C5.
    public static let id: UInt16 = 0x0
    /// Visible pixels in a line.
    public static let xRes: UInt16 = 0x1
    /// Visible lines.
    public static let yRes: UInt16 = 0x2
    /// Bits per pixel.
    public static let bpp: UInt16 = 0x3
    /// See ``Enable``.
    public static let enable: UInt16 = 0x4
    /// The 64 KiB bank in the window at 0xA0000, which this machine does not have: only stored.
    public static let bank: UInt16 = 0x5
    /// Pixels from a line to the next.
    public static let virtualWidth: UInt16 = 0x6
    /// How many lines of the virtual width video memory holds; read only.
    public static let virtualHeight: UInt16 = 0x7
    /// The first visible column of the virtual screen.
    public static let xOffset: UInt16 = 0x8
    /// The first visible line of the virtual screen: page flipping.
    public static let yOffset: UInt16 = 0x9
    /// The size of video memory in units of 64 KiB; read only.
    public static let videoMemory64K: UInt16 = 0xA
  }

  /// The bits of the register ENABLE.
  public struct Enable: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// Shows the mode. Setting it while it was clear resets virtual width and offsets.
    public static let enabled = Self(rawValue: 0x01)
    /// XRES, YRES and BPP read as the largest possible values.
    public static let getCapabilities = Self(rawValue: 0x02)
    /// Palette entries have 8 bits a component instead of 6.
    public static let dac8Bit = Self(rawValue: 0x20)
    /// Asks for the linear framebuffer, which is there in any case.
    public static let linearFramebuffer = Self(rawValue: 0x40)
    /// Enabling the mode does not clear the screen.
    public static let noClearMemory = Self(rawValue: 0x80)
  }

  /// The largest mode.
  public static let maximumWidth = 16000, maximumHeight = 12000, maximumBitsPerPixel = 32
  /// The versions that a guest may select; the newest is the default.
  static let ids: ClosedRange<UInt16> = 0xB0C0...0xB0C5

  /// The size of video memory in bytes.
  public let videoMemorySize: Int
  /// The register that the data port accesses.
  public var index: UInt16 = 0
  /// What the registers show.
  public private(set) var display = DisplayState.disabled

  private var id = Self.ids.upperBound
  private var xRes: UInt16 = 0
  private var yRes: UInt16 = 0
  private var bpp: UInt16 = 0
  private var enable: Enable = []
  private var bank: UInt16 = 0
  private var virtualWidth: UInt16 = 0
  private var virtualHeight: UInt16 = 0
  private var xOffset: UInt16 = 0
  private var yOffset: UInt16 = 0

  /// Registers after a reset: disabled.
  ///
  /// - Parameter videoMemorySize: In bytes. With too few for a single pixel there is never a mode.
  public init(videoMemorySize: Int) { self.videoMemorySize = max(0, videoMemorySize) }

  /// Whether palette entries have 8 bits a component.
  public var isDAC8Bit: Bool { enable.contains(.dac8Bit) }

  /// Reads the register that ``index`` selects; unknown ones read 0.
  public func readData() -> UInt16 {
    let capabilities = enable.contains(.getCapabilities)
    return switch index {
    case Index.id: id
    case Index.xRes: capabilities ? UInt16(Self.maximumWidth) : xRes
    case Index.yRes: capabilities ? UInt16(Self.maximumHeight) : yRes
    case Index.bpp: capabilities ? UInt16(Self.maximumBitsPerPixel) : bpp
    case Index.enable: enable.rawValue
    case Index.bank: bank
    case Index.virtualWidth: virtualWidth
    case Index.virtualHeight: virtualHeight
    case Index.xOffset: xOffset
    case Index.yOffset: yOffset
    case Index.videoMemory64K: UInt16(clamping: videoMemorySize >> 16)
    default: 0
    }
  }

  /// Writes the register that ``index`` selects; unknown and read-only ones ignore it.
  ///
  /// - Returns: The bytes of video memory that must be cleared, if the write asks for that: the
  ///   visible window. Never more than there are.
  public mutating func writeData(_ value: UInt16) -> Range<Int>? {
    switch index {
    case Index.id: if Self.ids.contains(value) { id = value }
    case Index.xRes: xRes = value
    case Index.yRes: yRes = value
    case Index.bpp: bpp = value
    case Index.enable: return writeEnable(Enable(rawValue: value))
    case Index.bank: bank = UInt16(truncatingIfNeeded: Int(value) % max(1, videoMemorySize >> 16))
    case Index.virtualWidth: virtualWidth = value
    case Index.xOffset: xOffset = value
    case Index.yOffset: yOffset = value
    default: break
    }
    adjust()
    return nil
  }

  private mutating func writeEnable(_ value: Enable) -> Range<Int>? {
    let isEnabling = value.contains(.enabled) && !enable.contains(.enabled)
    enable = value
    if isEnabling {
      virtualWidth = 0
      xOffset = 0
      yOffset = 0
    }
    adjust()
    guard isEnabling, display.enabled, !value.contains(.noClearMemory) else { return nil }
    return 0..<(display.height * display.stride)
  }

  /// Adjusts the registers to a mode that is possible, and derives ``display`` from them.
  private mutating func adjust() {
    display = .disabled
    guard enable.contains(.enabled) else { return }

    if ![8, 15, 16, 24, 32].contains(bpp) { bpp = 8 }
    let bytesPerPixel = (Int(bpp) + 7) / 8
    let widest = min(Self.maximumWidth, videoMemorySize / bytesPerPixel)
    guard widest > 0 else { return }

    let width = min(xRes == 0 ? 8 : Int(xRes), widest)
    let pitch = min(max(Int(virtualWidth), width), widest)
    let stride = pitch * bytesPerPixel
    let lines = videoMemorySize / stride
    let height = min(max(Int(yRes), 1), Self.maximumHeight, lines)

    xOffset = min(xOffset, UInt16(Self.maximumWidth))
    yOffset = min(yOffset, UInt16(Self.maximumHeight))
    var startOffset = Int(yOffset) * stride + Int(xOffset) * bytesPerPixel
    if startOffset + height * stride > videoMemorySize {
      yOffset = 0
      startOffset = Int(xOffset) * bytesPerPixel
    }
    if startOffset + height * stride > videoMemorySize {
      xOffset = 0
      startOffset = 0
    }

    xRes = UInt16(width)
    yRes = UInt16(height)
    virtualWidth = UInt16(pitch)
    virtualHeight = UInt16(clamping: lines)
    display = DisplayState(
      enabled: true, width: width, height: height, bitsPerPixel: Int(bpp), stride: stride,
      startOffset: startOffset)
  }

  /// Traps if ``DisplayState``'s promise does not hold; for tests.
  public func _checkInvariants() {
    guard display.enabled else { return precondition(display == .disabled) }
    let bytesPerPixel = (display.bitsPerPixel + 7) / 8
    precondition((1...Self.maximumWidth).contains(display.width))
    precondition((1...Self.maximumHeight).contains(display.height))
    precondition([8, 15, 16, 24, 32].contains(display.bitsPerPixel))
    precondition(display.stride >= display.width * bytesPerPixel)
    precondition(display.startOffset >= 0)
    precondition(
      display.startOffset + display.height * display.stride <= videoMemorySize,
      "the window leaves video memory")
  }
}
