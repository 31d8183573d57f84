/// The zero page, `struct boot_params`: what a Linux kernel is told at its entry.
///
/// Source: "Zero Page" (Documentation/arch/x86/zero-page.rst in Linux), and
/// arch/x86/include/uapi/asm/bootparam.h for the offsets.
struct ZeroPage {
  /// The zero page has room for so many entries of the memory map.
  private static let maximumEntries = 128

  private enum Offset {
    static let acpiRSDP = 0x070
    static let entryCount = 0x1E8
    static let setupHeader = 0x1F1
    static let videoMode = 0x1FA
    static let loaderType = 0x210
    static let code32Start = 0x214
    static let ramdiskAddress = 0x218
    static let ramdiskSize = 0x21C
    static let commandLine = 0x228
    static let setupData = 0x250
    static let memoryMap = 0x2D0
  }

  /// The page's 4096 bytes.
  let bytes: [UInt8]

  init(image: LinuxImage, platform: Platform, initrdAddress: GuestAddress?) {
    var page = [UInt8](repeating: 0, count: 4096)
    // The header ends long before the memory map, unless it lies.
    let header = image.header.bytes.prefix(Offset.memoryMap - Offset.setupHeader)
    page.replaceSubrange(Offset.setupHeader..<Offset.setupHeader + header.count, with: header)
    page.store(littleEndian: MemoryMap.firmwareTables.rawValue, at: Offset.acpiRSDP)
    page.store(littleEndian: UInt16(0xFFFF), at: Offset.videoMode)  // normal
    page.store(littleEndian: UInt8(0xFF), at: Offset.loaderType)  // a loader without an id
    if image.header.isRelocatable {
      page.store(littleEndian: UInt32(clamping: image.loadAddress.rawValue), at: Offset.code32Start)
    }
    page.store(
      littleEndian: UInt32(clamping: initrdAddress?.rawValue ?? 0), at: Offset.ramdiskAddress)
    page.store(
      littleEndian: UInt32(clamping: initrdAddress == nil ? 0 : image.initrd?.size ?? 0),
      at: Offset.ramdiskSize)
    page.store(
      littleEndian: UInt32(clamping: MemoryMap.kernelCommandLine.rawValue), at: Offset.commandLine)
    page.store(littleEndian: UInt64(0), at: Offset.setupData)
    let screen = ScreenInfo.bytes(platform)
    page.replaceSubrange(0..<screen.count, with: screen)
    let entries = E820Map(platform).entries.prefix(Self.maximumEntries)
    page.store(littleEndian: UInt8(clamping: entries.count), at: Offset.entryCount)
    for (index, entry) in entries.enumerated() {
      let offset = Offset.memoryMap + E820Map.Entry.encodedSize * index
      page.replaceSubrange(offset..<offset + E820Map.Entry.encodedSize, with: entry.encoded)
    }
    bytes = page
  }
}
