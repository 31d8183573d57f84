import Devices
import KVM

/// The VGA's memory as whoever acts as the BIOS uses it: 128 KiB, which the guest has at
/// ``MemoryMap/vgaWindow``.
///
/// KVM does not log the host's own writes, so each is marked here (R4).
struct VGAWindow: Sendable {
  /// Where the characters of the colour text modes begin: the guest's 0xB8000.
  static let text = 0x1_8000

  let memory: MemoryRegion
  let log: DirtyLog
  /// Where in `memory` it begins.
  let start: Int

  /// A copy of `bytes`; nil unless all of them are in the window.
  func read(_ bytes: Range<Int>) -> [UInt8]? {
    guard bytes.lowerBound >= 0, bytes.upperBound <= VGA.memorySize else { return nil }
    return unsafe [UInt8](
      UnsafeRawBufferPointer(
        rebasing: memory.bytes[start + bytes.lowerBound..<start + bytes.upperBound]))
  }

  /// Copies `bytes` to `offset`. False, and nothing is written, unless all of it is in the window.
  @discardableResult
  func write(_ bytes: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, offset <= VGA.memorySize, bytes.count <= VGA.memorySize - offset
    else { return false }
    let range = start + offset..<start + offset + bytes.count
    unsafe memory.bytes[range].copyBytes(from: bytes)
    log.markHostWrite(range)
    return true
  }

  /// Fills the text's 32 KiB with spaces, light grey on black.
  func clearText() {
    var cells = [UInt8](repeating: 0x20, count: VGA.memorySize - Self.text)
    for index in stride(from: 1, to: cells.count, by: 2) { cells[index] = 0x07 }
    write(cells, at: Self.text)
  }
}
