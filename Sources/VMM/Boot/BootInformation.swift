import Display

/// The block that tells a flat guest what machine it is on. Version 1; its address is in DI, EDI or
/// RDI at entry.
///
/// All fields are little endian:
///
/// | offset | type | field |
/// |---|---|---|
/// | 0x00 | u32 | magic, 0x4C4E4353: "SCNL" |
/// | 0x04 | u16 | version, 1 |
/// | 0x06 | u16 | size of this fixed part, 0x60 |
/// | 0x08 | u64 | RAM, bytes |
/// | 0x10 | u64 | physical address of the framebuffer; 0 if there is none |
/// | 0x18 | u32 | width, pixels |
/// | 0x1C | u32 | height, scanlines |
/// | 0x20 | u32 | stride, bytes from one scanline to the next |
/// | 0x24 | u32 | bits per pixel: 8, 15, 16, 24 or 32 |
/// | 0x28 | u64 | video memory, bytes |
/// | 0x30 | u8 x 6 | position and size in bits of red, green, blue; 0 with a palette |
/// | 0x36 | u16 | 0 |
/// | 0x38 | u32 | vCPUs |
/// | 0x3C | u32 | length of the command line, bytes, without its final NUL |
/// | 0x40 | u64 | address of the command line, NUL-terminated |
/// | 0x48 | u64 | RAM below 4 GiB, bytes, from address 0 |
/// | 0x50 | u64 | RAM from 4 GiB up, bytes |
/// | 0x58 | u64 | physical address of the ACPI RSDP |
public struct BootInformation: Sendable {
  /// "SCNL", as a little-endian word; also in EAX or RAX at entry.
  public static let magic: UInt32 = 0x4C4E_4353
  static let fixedSize = 0x60
  /// The command line shares its page with the fixed part, and keeps its NUL.
  public static let maximumCommandLine = 4096 - fixedSize - 1

  let platform: Platform

  func write(to memory: GuestMemory) {
    var block: [UInt8] = []
    func append(_ value: some FixedWidthInteger) {
      block.append(littleEndian: value)
    }
    let mode = platform.framebuffer?.mode
    append(Self.magic)
    append(UInt16(1))
    append(UInt16(Self.fixedSize))
    append(platform.memoryBelow4GiB + platform.memoryAbove4GiB)
    append(mode == nil ? 0 : MemoryMap.framebuffer.rawValue)
    append(UInt32(mode?.width ?? 0))
    append(UInt32(mode?.height ?? 0))
    append(UInt32(mode?.stride ?? 0))
    append(UInt32(mode?.format.bitsPerPixel ?? 0))
    append(UInt64(platform.framebuffer?.videoMemorySize ?? 0))
    for channel in mode.map({ Self.channels(of: $0.format) }) ?? [0, 0, 0, 0, 0, 0] {
      append(channel)
    }
    append(UInt16(0))
    append(UInt32(platform.cpuCount))
    append(UInt32(platform.commandLine.utf8.count))
    append(MemoryMap.bootInformation.rawValue + UInt64(Self.fixedSize))
    append(platform.memoryBelow4GiB)
    append(platform.memoryAbove4GiB)
    append(MemoryMap.firmwareTables.rawValue)
    block.append(contentsOf: platform.commandLine.utf8)
    block.append(0)
    _ = memory.write(block, at: MemoryMap.bootInformation)
  }

  /// Position and size in bits of red, green and blue.
  static func channels(of format: PixelFormat) -> [UInt8] {
    switch format {
    case .indexed8: [0, 0, 0, 0, 0, 0]
    case .rgb555: [10, 5, 5, 5, 0, 5]
    case .rgb565: [11, 5, 5, 6, 0, 5]
    case .rgb888, .xrgb8888: [16, 8, 8, 8, 0, 8]
    }
  }
}
