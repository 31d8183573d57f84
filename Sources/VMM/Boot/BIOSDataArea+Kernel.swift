extension BIOSDataArea {
  /// Writes what a kernel finds whose boot loader was started by a BIOS. Many look there for the end of
  /// conventional memory, below which they put the code that starts the other CPUs.
  static func write(to memory: GuestMemory, of platform: Platform) {
    var area = contents(drive: 0x80, hasDisk: false, ticks: 0)
    func put(_ value: some FixedWidthInteger, at address: UInt32) {
      area.store(littleEndian: value, at: Int(address - serialPorts))
    }
    if let screen = platform.textScreen {
      put(UInt8(3), at: videoMode)
      put(UInt16(clamping: screen.columns), at: columns)
      put(UInt16(0x1000), at: pageSize)
      put(UInt16(0x0D0E), at: cursorShape)
      put(UInt16(0x3D4), at: crtcPort)
      put(UInt8(clamping: screen.rows - 1), at: lastRow)
      put(UInt16(clamping: screen.characterHeight), at: characterHeight)
    }
    _ = memory.write(area, at: GuestAddress(UInt64(serialPorts)))
    // The size in KiB of the extended area.
    _ = memory.store(UInt8(1), at: GuestAddress(UInt64(extendedSegment) << 4))
  }
}
