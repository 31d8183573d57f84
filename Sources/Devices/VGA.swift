import Synchronization

/// A VGA's registers, at 0x3B4 to 0x3DA: text modes, a CGA's graphics modes, and mode 13h.
///
/// Like ``BochsDisplay``, which has the DAC and with it the colours of both, it holds no pixels: its
/// memory is the 128 KiB from 0xA0000, which belong to the machine, and the guest's stores go there
/// without passing through the chip. So the planar modes, in which each store is masked, rotated and
/// spread over four planes, cannot be shown; ``picture()`` says so.
///
/// **For who renders.** ``generation`` is one atomic load and changes with every register; when it has
/// moved, ``picture()`` and ``glyphs()`` say what to show now. It is shown while the Bochs display is
/// disabled.
public final class VGA: PortIODevice {
  private struct State {
    var registers = VGARegisters()
    /// 256 glyphs of 32 bytes, as they lie in plane 2.
    var glyphs: [UInt8] = []
    var fontGeneration: UInt64 = 0

    mutating func setGlyphs(_ font: VGAFont) {
      glyphs = font.characterMap
      fontGeneration &+= 1
    }

    mutating func set(_ mode: VGAMode) {
      let parameters = mode.parameters
      registers.load(parameters)
      if let font = parameters.font { setGlyphs(font) }
    }
  }

  /// All ports of a VGA but those of its DAC (``BochsDisplay/ports``).
  public static let ports: [ClosedRange<UInt16>] = [
    0x3B4...0x3B5, 0x3BA...0x3BA, 0x3C0...0x3C5, 0x3CA...0x3CA, 0x3CC...0x3CC, 0x3CE...0x3CF,
    0x3D4...0x3D5, 0x3DA...0x3DA,
  ]

  /// Bytes of memory, from 0xA0000.
  public static let memorySize = 0x2_0000

  private let display: BochsDisplay
  private let clock: @Sendable () -> UInt64
  private let initialMode: VGAMode
  private let state = Mutex(State())
  private let generationCounter = Atomic<UInt64>(0)
  private let onChange: @Sendable () -> Void

  /// Creates a VGA in a mode, as a BIOS leaves it: 80 x 25 characters.
  ///
  /// - Parameters:
  ///   - display: Has the DAC.
  ///   - clock: Nanoseconds on the host's monotonic clock; the retrace follows it.
  ///   - initialMode: The mode at power-on.
  ///   - onChange: Called each time that ``generation`` has moved, without the device's lock, on the
  ///     thread that has changed a register.
  public init(
    display: BochsDisplay, initialMode: VGAMode = .text80x25,
    clock: @escaping @Sendable () -> UInt64, onChange: @escaping @Sendable () -> Void = {}
  ) {
    self.display = display
    self.initialMode = initialMode
    self.clock = clock
    self.onChange = onChange
    setMode(initialMode)
  }

  // MARK: For who renders

  /// Counts the changes; lock-free.
  public var generation: UInt64 { generationCounter.load(ordering: .acquiring) }

  /// What to show while the Bochs display is disabled.
  public func picture() -> VGAPicture {
    state.withLock { $0.registers.picture(fontGeneration: $0.fontGeneration) }
  }

  /// The shapes of the 256 characters: 32 bytes each, one a scanline from the top, bit 7 the leftmost
  /// dot.
  public func glyphs() -> [UInt8] { state.withLock { $0.glyphs } }

  // MARK: For who acts as the BIOS

  /// Programs every register for `mode`, and the DAC and the font with it. Memory is not touched, nor
  /// is the Bochs display's mode.
  public func setMode(_ mode: VGAMode) {
    setMode(mode, isReset: false)
  }

  private func setMode(_ mode: VGAMode, isReset: Bool) {
    state.withLock { state in
      if isReset { state.registers = VGARegisters() }
      state.set(mode)
    }
    display.loadPalette(mode.palette)
    announceChange()
  }

  /// Shows characters in another font. The height of a character is the CRT controller's
  /// (``VGACRTC/Index/maximumScanLine``), which this does not change.
  public func loadFont(_ font: VGAFont) {
    state.withLock { $0.setGlyphs(font) }
    announceChange()
  }

  /// Replaces the glyphs from the character `first` on.
  ///
  /// - Parameters:
  ///   - glyphs: `height` bytes each; those that lie behind the last character are ignored.
  ///   - height: 1 to 32; others are brought into that range.
  public func loadGlyphs(_ glyphs: [UInt8], height: Int, first: UInt8 = 0) {
    let height = min(max(height, 1), 32)
    state.withLock { state in
      for (index, byte) in glyphs.enumerated() {
        let character = Int(first) + index / height
        guard character < 256 else { break }
        state.glyphs[32 * character + index % height] = byte
      }
      state.fontGeneration &+= 1
    }
    announceChange()
  }

  /// Reads a register of the CRT controller, whatever the guest's index selects.
  public func crtcRegister(_ register: Int) -> UInt8 {
    state.withLock { $0.registers.crtc[register] }
  }

  /// Writes a register of the CRT controller, whatever the guest's index selects.
  public func setCRTCRegister(_ register: Int, _ value: UInt8) {
    state.withLock { $0.registers.crtc.write(register, value) }
    announceChange()
  }

  // MARK: The guest's side

  public func read(port: UInt16, size: Int) -> UInt32 {
    let now = clock()
    return ISACycle.read(port: port, size: size) { port in
      state.withLock { $0.registers.read(port: port, at: now) }
    }
  }

  public func write(port: UInt16, size: Int, value: UInt32) {
    state.withLock { state in
      ISACycle.write(port: port, size: size, value: value) { port, byte in
        state.registers.write(port: port, byte)
      }
    }
    announceChange()
  }

  /// Back to the initial mode and font. Memory is not touched: it belongs to the machine.
  public func reset() {
    setMode(initialMode, isReset: true)
  }

  private func announceChange() {
    generationCounter.add(1, ordering: .releasing)
    onChange()
  }
}
