/// What VBE 2.0 tells of its modes, in the blocks of functions 00h and 01h, which Multiboot kernels are
/// handed, too. VESA BIOS Extension 2.0, sections 4.3 and 4.4.
extension VBEMode {
  /// Where the list of modes is in a VbeInfoBlock.
  static let modeListOffset = 0x22

  /// Those that fit in video memory.
  static func fitting(in videoMemorySize: Int) -> [VBEMode] {
    all.filter { $0.size <= videoMemorySize }
  }

  /// The VbeInfoBlock, with the list of modes in it.
  ///
  /// - Parameters:
  ///   - size: Bytes, 256 or 512.
  ///   - name: Of vendor, product and revision.
  ///   - modeList: Where ``modeListOffset`` of the block will be.
  static func controllerInformation(
    size: Int, name: FarPointer, modeList: FarPointer, videoMemorySize: Int
  ) -> [UInt8] {
    var block: [UInt8] = Array("VESA".utf8)
    block.append(littleEndian: UInt16(0x0200))
    block.append(name)
    // The DAC can be switched to 8 bits.
    block.append(littleEndian: UInt32(1))
    block.append(modeList)
    block.append(littleEndian: UInt16(clamping: videoMemorySize >> 16))
    block.append(littleEndian: UInt16(0x0100))
    // Vendor, product and revision.
    for _ in 0..<3 { block.append(name) }
    block.append(zeroes: modeListOffset - block.count)
    for mode in fitting(in: videoMemorySize) { block.append(littleEndian: mode.number) }
    block.append(littleEndian: UInt16.max)
    block.append(zeroes: size - block.count)
    return block
  }

  /// The ModeInfoBlock, 256 bytes.
  func information(videoMemorySize: Int) -> [UInt8] {
    var block: [UInt8] = []
    // Supported, colour, graphics, not VGA compatible, no window, linear framebuffer.
    block.append(littleEndian: UInt16(0x00FB))
    // Windows: none.
    block.append(zeroes: 14)
    block.append(littleEndian: stride)
    block.append(littleEndian: width)
    block.append(littleEndian: height)
    // Character cell, one plane, depth, one bank.
    block += [8, 16, 1, bitsPerPixel, 1]
    // The memory model: packed pixels, or direct colour; pages that fit beside the first.
    block += [bitsPerPixel == 8 ? 4 : 6, 0, UInt8(clamping: videoMemorySize / size - 1), 1]
    block += masks
    block.append(0)
    block.append(littleEndian: UInt32(truncatingIfNeeded: MemoryMap.framebuffer.rawValue))
    block.append(zeroes: 256 - block.count)
    return block
  }
}
