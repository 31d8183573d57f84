import Devices
import Display
import Glibc
import KVM

/// Video memory in its own memory slot, and the registers that say how it is shown.
final class VideoAdapter: Sendable {
  let memory: MemoryRegion
  let log: DirtyLog
  let display: BochsDisplay
  let changes = RegisterChanges()

  init(
    _ machine: SharedMachine, slotIndex: UInt16, mode: FramebufferMode,
    interface: DirtyLogInterface, isLogged: Bool
  ) throws(KVMError) {
    let memory = try MemoryRegion(size: mode.videoMemorySize)
    let log = try DirtyLog.make(
      interface, machine: machine, slotIndex: slotIndex,
      guestAddress: MemoryMap.framebuffer, memory: memory, isLogged: isLogged)
    self.memory = memory
    self.log = log
    display = BochsDisplay(
      videoMemorySize: memory.size,
      initialMode: (mode.width, mode.height, mode.bitsPerPixel),
      onClear: { bytes in
        unsafe memory.bytes[bytes].initializeMemory(as: UInt8.self, repeating: 0)
        log.markHostWrite(bytes)
      },
      onChange: { [changes] in changes.note() })
  }

  /// Makes all of video memory zero, as it was at first. Pages that are zero are not touched, so that
  /// what was never used costs no memory.
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
  }

  /// What the registers ask to be shown; no mode while the display is switched off.
  func currentMode() -> (mode: DisplayMode?, palette: Palette) {
    let state = display.state().display
    guard state.enabled, let format = PixelFormat(bitsPerPixel: state.bitsPerPixel) else {
      return (nil, Palette())
    }
    let mode = DisplayMode(
      width: state.width, height: state.height, format: format, stride: state.stride,
      startOffset: state.startOffset, videoMemorySize: memory.size)
    return (mode, format == .indexed8 ? palette() : Palette())
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
