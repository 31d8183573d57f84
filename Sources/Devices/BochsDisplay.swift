import Synchronization

/// The mode-setting half of a Bochs display: VBE DISPI at ports 0x1CE and 0x1CF, and the VGA DAC at
/// 0x3C6 to 0x3C9.
///
/// The pixels are not here: they are video memory, which belongs to the machine. This device says
/// which part of it is visible and how, and upholds the promise of ``DisplayState`` whatever the
/// guest writes.
///
/// **For who renders.** ``generation`` is one atomic load and changes with everything that is
/// visible; when it has moved, ``state()`` and ``paletteRGB(into:)`` say what to show now. Read it
/// first: a change in between moves it again, and the next look sees it. It moves after the change
/// is complete, clearing of the screen included.
public final class BochsDisplay: PortIODevice {
  private struct Registers {
    var dispi: DispiRegisters
    var dac = VGADAC()
    var paletteGeneration: UInt64 = 0
  }

  /// The ports of DISPI and of the DAC.
  public static let ports: [ClosedRange<UInt16>] = [0x1CE...0x1CF, 0x3C6...0x3C9]

  private static let indexPort: UInt16 = 0x1CE
  private static let dataPort: UInt16 = 0x1CF

  private let initialDispi: DispiRegisters
  private let registers: Mutex<Registers>
  private let generationCounter = Atomic<UInt64>(0)
  private let onClear: @Sendable (Range<Int>) -> Void
  private let onChange: @Sendable () -> Void

  /// Creates a display.
  ///
  /// - Parameters:
  ///   - videoMemorySize: In bytes.
  ///   - initialMode: The mode at power-on, or `nil` for a disabled display. It is adjusted like a
  ///     guest's; compare ``state()`` to find out. Video memory is taken to be clear.
  ///   - onClear: Clears a range of bytes of video memory, and marks its pages as written, because
  ///     KVM does not log the host's own writes. Called without the device's lock, on the thread of
  ///     the virtual CPU whose `out` enables a mode, before that instruction completes. The range
  ///     is never empty and always inside video memory.
  ///   - onChange: Called each time that ``generation`` has moved, without the device's lock, on the
  ///     thread of the virtual CPU whose `out` changes something.
  public init(
    videoMemorySize: Int,
    initialMode: (width: Int, height: Int, bitsPerPixel: Int)? = nil,
    onClear: @escaping @Sendable (Range<Int>) -> Void = { _ in },
    onChange: @escaping @Sendable () -> Void = {}
  ) {
    var dispi = DispiRegisters(videoMemorySize: videoMemorySize)
    if let initialMode {
      let enable: DispiRegisters.Enable = [.enabled, .linearFramebuffer, .noClearMemory]
      let settings = [
        (DispiRegisters.Index.xRes, UInt16(clamping: initialMode.width)),
        (DispiRegisters.Index.yRes, UInt16(clamping: initialMode.height)),
        (DispiRegisters.Index.bpp, UInt16(clamping: initialMode.bitsPerPixel)),
        (DispiRegisters.Index.enable, enable.rawValue),
      ]
      for (index, value) in settings {
        dispi.index = index
        _ = dispi.writeData(value)
      }
      dispi.index = 0
    }
    initialDispi = dispi
    registers = Mutex(Registers(dispi: dispi))
    self.onClear = onClear
    self.onChange = onChange
  }

  // MARK: For who renders

  /// Counts the visible changes; lock-free.
  public var generation: UInt64 { generationCounter.load(ordering: .acquiring) }

  /// What to show.
  ///
  /// - Returns: The window into video memory, and a number that changes with every change of the
  ///   palette.
  public func state() -> (display: DisplayState, paletteGeneration: UInt64) {
    registers.withLock { ($0.dispi.display, $0.paletteGeneration) }
  }

  /// Copies the palette, with the pixel mask applied and 8 bits a component whatever the DAC has.
  ///
  /// - Parameter colors: Receives red, green and blue of pixel value 0, then of 1, and so on to
  ///   255: 768 bytes, or as many whole colours as fit.
  /// - Returns: The palette generation of what was copied.
  @discardableResult
  public func paletteRGB(into colors: inout MutableSpan<UInt8>) -> UInt64 {
    let dac = registers.withLock { ($0.dac, $0.paletteGeneration) }
    for pixel in 0..<min(256, colors.count / 3) {
      let color = dac.0.color(of: UInt8(pixel))
      colors[3 * pixel] = color.red
      colors[3 * pixel + 1] = color.green
      colors[3 * pixel + 2] = color.blue
    }
    return dac.1
  }

  /// Loads the DAC as a BIOS does when it sets a mode, and lets every pixel through its mask.
  ///
  /// - Parameter components: Red, green and blue of the first colours, 6 bits each; the colours behind
  ///   them stay.
  public func loadPalette(_ components: [UInt8]) {
    registers.withLock { state in
      state.dac.load(components)
      state.paletteGeneration &+= 1
    }
    announceChange()
  }

  // MARK: The guest's side

  /// Reads a register.
  ///
  /// DISPI's two registers have 16 bits each, though their ports are adjacent; a byte access reads
  /// the low byte, and the upper half of a 32-bit access reads as nothing. The DAC has bytes.
  public func read(port: UInt16, size: Int) -> UInt32 {
    switch port {
    case Self.indexPort, Self.dataPort:
      let value = registers.withLock {
        port == Self.indexPort ? $0.dispi.index : $0.dispi.readData()
      }
      return 0xFFFF_0000 | UInt32(value)
    default:
      return ISACycle.read(port: port, size: size) { port in
        guard let register = Self.dacRegister(at: port) else { return 0xFF }
        return registers.withLock { $0.dac.read(register) }
      }
    }
  }

  /// Writes a register; a byte written to DISPI is extended with zeros.
  public func write(port: UInt16, size: Int, value: UInt32) {
    let word = UInt16(truncatingIfNeeded: size == 1 ? value & 0xFF : value)
    switch port {
    case Self.indexPort:
      registers.withLock { $0.dispi.index = word }
    case Self.dataPort:
      writeDispiData(word)
    default:
      ISACycle.write(port: port, size: size, value: value) { port, byte in
        guard let register = Self.dacRegister(at: port) else { return }
        let changed = registers.withLock { state in
          let changed = state.dac.write(register, byte)
          if changed { state.paletteGeneration &+= 1 }
          return changed
        }
        if changed { announceChange() }
      }
    }
  }

  private func writeDispiData(_ value: UInt16) {
    let (clear, changed) = registers.withLock { state in
      let before = state.dispi.display
      let clear = state.dispi.writeData(value)
      var changed = state.dispi.display != before
      if state.dac.is8Bit != state.dispi.isDAC8Bit {
        state.dac.is8Bit = state.dispi.isDAC8Bit
        state.paletteGeneration &+= 1
        changed = true
      }
      return (clear, changed)
    }
    if let clear { onClear(clear) }
    if changed { announceChange() }
  }

  private static func dacRegister(at port: UInt16) -> UInt8? {
    (0x3C6...0x3C9).contains(port) ? UInt8(truncatingIfNeeded: port &- 0x3C6) : nil
  }

  /// Back to the initial mode and palette. Video memory is not touched: it belongs to the machine.
  public func reset() {
    registers.withLock { state in
      state = Registers(
        dispi: initialDispi, paletteGeneration: state.paletteGeneration &+ 1)
    }
    announceChange()
  }

  private func announceChange() {
    generationCounter.add(1, ordering: .releasing)
    onChange()
  }

  /// Traps if the state is inconsistent; for tests.
  public func _checkInvariants() {
    registers.withLock { state in
      state.dispi._checkInvariants()
      precondition(state.dac.is8Bit == state.dispi.isDAC8Bit)
    }
  }
}
