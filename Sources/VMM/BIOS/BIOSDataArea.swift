/// Where programs look for what the BIOS knows: physical addresses of the fields of the BIOS data
/// area, segment 0040h. IBM PC/AT Technical Reference, section 5; VGA fields after Ralf Brown's
/// MEMORY.LST.
enum BIOSDataArea {
  static let serialPorts: UInt32 = 0x400
  static let extendedDataArea: UInt32 = 0x40E
  static let equipment: UInt32 = 0x410
  static let memorySize: UInt32 = 0x413
  static let keyboardFlags: UInt32 = 0x417
  static let keyboardFlags2: UInt32 = 0x418
  static let altNumber: UInt32 = 0x419
  static let keyboardHead: UInt32 = 0x41A
  static let keyboardTail: UInt32 = 0x41C
  static let keyboardBuffer: UInt32 = 0x41E
  static let floppyStatus: UInt32 = 0x441
  static let videoMode: UInt32 = 0x449
  static let columns: UInt32 = 0x44A
  static let pageSize: UInt32 = 0x44C
  static let pageStart: UInt32 = 0x44E
  static let cursorPositions: UInt32 = 0x450
  static let cursorShape: UInt32 = 0x460
  static let activePage: UInt32 = 0x462
  static let crtcPort: UInt32 = 0x463
  static let ticks: UInt32 = 0x46C
  static let midnight: UInt32 = 0x470
  static let breakFlag: UInt32 = 0x471
  static let hardDiskStatus: UInt32 = 0x474
  static let hardDiskCount: UInt32 = 0x475
  static let keyboardBufferStart: UInt32 = 0x480
  static let keyboardBufferEnd: UInt32 = 0x482
  static let lastRow: UInt32 = 0x484
  static let characterHeight: UInt32 = 0x485
  static let videoControl: UInt32 = 0x487
  static let videoSwitches: UInt32 = 0x488
  static let videoFlags: UInt32 = 0x489
  static let displayCombination: UInt32 = 0x48A
  static let keyboardFlags3: UInt32 = 0x496
  static let keyboardLamps: UInt32 = 0x497

  /// The segment of the extended BIOS data area, the last KiB of conventional memory.
  static let extendedSegment: UInt16 = 0x9FC0
  /// Ticks in a day.
  static let ticksPerDay: UInt32 = 0x1800B0

  /// The area as it is before the image starts, from 0x400 on.
  ///
  /// - Parameters:
  ///   - drive: The drive that the image was started from: 0 for a floppy, 80h for a hard disk.
  ///   - hasDisk: Whether there is such a drive.
  ///   - ticks: Timer ticks since midnight.
  static func contents(drive: UInt8, hasDisk: Bool, ticks: UInt32) -> [UInt8] {
    var area = [UInt8](repeating: 0, count: 0x100)
    func put(_ value: UInt16, at address: UInt32) {
      let offset = Int(address - serialPorts)
      area[offset] = UInt8(truncatingIfNeeded: value)
      area[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }
    let isFloppy = hasDisk && drive < 0x80
    put(0x3F8, at: serialPorts)
    put(extendedSegment, at: extendedDataArea)
    // One serial port, a mouse, 80x25 in colour, a coprocessor, perhaps a floppy drive.
    put(0x0226 | (isFloppy ? 1 : 0), at: equipment)
    put(639, at: memorySize)
    put(0x1E, at: keyboardHead)
    put(0x1E, at: keyboardTail)
    put(0x1E, at: keyboardBufferStart)
    put(0x3E, at: keyboardBufferEnd)
    put(UInt16(truncatingIfNeeded: ticks), at: BIOSDataArea.ticks)
    put(UInt16(truncatingIfNeeded: ticks >> 16), at: BIOSDataArea.ticks + 2)
    put(hasDisk && !isFloppy ? 1 : 0, at: hardDiskCount)
    // 256 KiB of video memory, EGA switches, 400 lines; VGA with a colour display.
    put(0xF960, at: videoControl)
    put(0x0811, at: videoFlags)
    // A keyboard of 101 keys.
    put(0x10, at: keyboardFlags3)
    return area
  }
}
