import Devices
import Display
import Glibc
import KVM

/// Video memory, which the guest has in memory slots of their own, and the registers that say how it
/// is shown: a Bochs display, a VGA, or both as on a card of Bochs or QEMU.
///
/// The memory is one mapping with one log: the linear framebuffer, and behind it the VGA's window.
/// While the Bochs display is enabled it is shown, otherwise the VGA is.
final class VideoAdapter: Sendable {
  let memory: MemoryRegion
  /// Bytes of the linear framebuffer, a multiple of 64 pages; 0 without one.
  let framebufferSize: Int
  let log: DirtyLog
  let display: BochsDisplay
  let vga: VGA?
  let changes = RegisterChanges()

  /// - Parameters:
  ///   - slotIndex: The first of the memory slots; one for each of the two memories.
  ///   - mode: What the framebuffer is made for, and shows at first unless there is a VGA; nil for
  ///     none.
  ///   - hasVGA: Whether there is one. It is in text mode at first.
  init(
    _ machine: SharedMachine, slotIndex: UInt16, mode: FramebufferMode?, hasVGA: Bool,
    interface: DirtyLogInterface, isLogged: Bool
  ) throws(KVMError) {
    framebufferSize = mode?.videoMemorySize ?? 0
    let windowSize = hasVGA ? VGA.memorySize : 0
    let memory = try MemoryRegion(size: framebufferSize + windowSize)
    var parts: [VideoMemoryPart] = []
    if framebufferSize > 0 {
      parts.append(
        VideoMemoryPart(address: MemoryMap.framebuffer, bytes: 0..<framebufferSize))
    }
    if hasVGA {
      parts.append(
        VideoMemoryPart(address: MemoryMap.vgaWindow, bytes: framebufferSize..<memory.size))
    }
    let log = try DirtyLog.make(
      interface, machine: machine, firstSlot: slotIndex, parts: parts, memory: memory,
      isLogged: isLogged)
    self.memory = memory
    self.log = log
    let onChange: @Sendable () -> Void = { [changes] in changes.note() }
    display = BochsDisplay(
      videoMemorySize: framebufferSize,
      initialMode: hasVGA ? nil : mode.map { ($0.width, $0.height, $0.bitsPerPixel) },
      onClear: { bytes in
        unsafe memory.bytes[bytes].initializeMemory(as: UInt8.self, repeating: 0)
        log.markHostWrite(bytes)
      },
      onChange: onChange)
    vga =
      hasVGA
      ? VGA(display: display, clock: { monotonicNanoseconds() }, onChange: onChange) : nil
    window?.clearText()
  }

  /// The VGA's memory; nil without one.
  var window: VGAWindow? {
    vga.map { _ in
      VGAWindow(memory: memory, log: log, start: framebufferSize)
    }
  }

  /// Makes all of video memory as it was at first: zero, but for spaces in the VGA's text. Pages that
  /// are zero are not touched, so that what was never used costs no memory.
  func clear() {
    let pageSize = MemorySlot.pageSize
    let zeros = [UInt8](repeating: 0, count: pageSize)
    for start in stride(from: 0, to: memory.size, by: pageSize) {
      let bytes = start..<start + pageSize
      let page = unsafe UnsafeMutableRawBufferPointer(rebasing: memory.bytes[bytes])
      let isClear = unsafe zeros.withUnsafeBytes { zeros in
        guard let page = page.baseAddress, let zeros = zeros.baseAddress
        else { return true }
        return unsafe memcmp(page, zeros, pageSize) == 0
      }
      guard !isClear else { continue }
      unsafe page.initializeMemory(as: UInt8.self, repeating: 0)
      log.markHostWrite(bytes)
    }
    window?.clearText()
  }

  // MARK: What is shown

  /// Moves with every change of a register; lock-free.
  var generation: UInt64 { display.generation &+ (vga?.generation ?? 0) }

  /// What the Bochs display's registers ask to be shown; no mode while it is switched off.
  func currentMode() -> (mode: DisplayMode?, palette: Palette) {
    let state = display.state().display
    guard state.enabled, let format = PixelFormat(bitsPerPixel: state.bitsPerPixel) else {
      return (nil, Palette())
    }
    let mode = DisplayMode(
      width: state.width, height: state.height, format: format, stride: state.stride,
      startOffset: state.startOffset, videoMemorySize: framebufferSize)
    return (mode, format == .indexed8 ? palette() : Palette())
  }

  /// The size in characters of what the VGA shows; nil unless it shows text.
  var textScreen: TextScreenSize? {
    guard currentMode().mode == nil, case .text(let state)? = vga?.picture() else { return nil }
    return TextScreenSize(
      columns: state.columns, rows: state.height / state.cellHeight,
      characterHeight: state.cellHeight)
  }

  /// Has `tracker` show what the registers ask for from its next update on.
  ///
  /// - Returns: The VGA's mode if it is one that cannot be shown; the screen is dark then.
  func set(_ tracker: inout FrameTracker) -> UnsupportedVGAMode? {
    let (mode, palette) = currentMode()
    guard mode == nil, let vga else {
      tracker.setMode(mode, palette: palette)
      return nil
    }
    switch vga.picture() {
    case .text(let state):
      if let screen = screen(state, glyphs: vga.glyphs()) {
        tracker.setText(screen)
      } else {
        tracker.setMode(nil)
      }
    case .graphics(let state):
      let mode = DisplayMode(
        width: state.width, height: state.height, format: .indexed8, stride: state.stride,
        startOffset: framebufferSize + state.startOffset, videoMemorySize: memory.size)
      tracker.setMode(mode, palette: state.isBlank ? Palette() : self.palette())
    case .packed(let state):
      if let screen = screen(state) {
        tracker.setPacked(screen)
      } else {
        tracker.setMode(nil)
      }
    case .unsupported(let mode):
      tracker.setMode(nil)
      return mode
    }
    return nil
  }

  private func screen(_ state: VGATextState, glyphs: [UInt8]) -> TextScreen? {
    let palette = state.isBlank ? Palette() : palette()
    return TextScreen(
      TextScreen.Geometry(
        columns: state.columns, height: state.height, cellWidth: state.cellWidth,
        cellHeight: state.cellHeight),
      style: TextScreen.Style(
        colors: state.dacIndices.map { palette[$0] }, glyphs: glyphs, blinks: state.blinks,
        joinsLineGraphics: state.joinsLineGraphics),
      memory: framebufferSize + state.window.lowerBound..<framebufferSize + state.window.upperBound,
      startCell: state.startAddress, stride: state.stride,
      cursor: TextScreen.Cursor(cell: state.cursorLocation, lines: state.cursorLines),
      videoMemorySize: memory.size)
  }

  private func screen(_ state: VGAPackedState) -> PackedScreen? {
    let colors = state.isBlank ? Palette() : palette()
    return PackedScreen(
      PackedScreen.Geometry(
        width: state.width, height: state.height, bitsPerPixel: state.bitsPerPixel),
      palette: Palette { pixel in
        let index = Int(pixel) < state.dacIndices.count ? state.dacIndices[Int(pixel)] : 0
        return colors[index]
      },
      memoryOffset: framebufferSize + state.windowOffset, startOffset: state.startOffset,
      stride: state.stride, videoMemorySize: memory.size)
  }

  private func palette() -> Palette {
    var colors = [UInt8](repeating: 0, count: 3 * 256)
    var span = colors.mutableSpan
    display.paletteRGB(into: &span)
    return Palette { index in
      let base = 3 * Int(index)
      return RGB(red: colors[base], green: colors[base + 1], blue: colors[base + 2])
    }
  }
}
