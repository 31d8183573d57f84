import Devices
import Display

/// The boot information of a kernel, behind the GDT that it is entered with. ``bytes(_:)`` puts it
/// together as it lies in memory from ``base`` on.
struct MultibootInformation {
  static let code = DescriptorTable.Descriptor(
    selector: 0x08, privilege: 0, isCode: true, isLong: false)
  static let data = DescriptorTable.Descriptor(
    selector: 0x10, privilege: 0, isCode: false, isLong: false)
  static let descriptorTableLimit: UInt16 = 3 * 8 - 1
  /// Where the information begins, from ``base``; a multiple of 8.
  static let offset = 3 * 8
  static let loaderName = "Scanline"

  let image: MultibootImage
  let placement: ImagePlacement
  let entry: GuestAddress
  let modules: [GuestAddress]
  let sections: ELFSections?
  let base: UInt32

  /// - Parameter rsdp: The ACPI RSDP as it lies in memory.
  func bytes(_ platform: Platform, rsdp: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt64(0))
    bytes.append(littleEndian: Self.code.encoded)
    bytes.append(littleEndian: Self.data.encoded)
    switch image.version {
    case .one: Multiboot1Information(self, platform).append(to: &bytes)
    case .two: Multiboot2Information(self, platform, rsdp: rsdp).append(to: &bytes)
    }
    return bytes
  }

  /// First byte, and the byte after the last, of each module, and what is said about it.
  var moduleRanges: [(start: UInt32, end: UInt32, text: String)] {
    zip(image.modules, modules).map { module, address in
      let start = UInt32(truncatingIfNeeded: address.rawValue)
      return (start, start &+ UInt32(truncatingIfNeeded: module.file.size), module.text)
    }
  }
}

/// What both versions say about memory and screen.
struct MultibootPlatform {
  private let platform: Platform

  init(_ platform: Platform) {
    self.platform = platform
  }

  /// KiB of conventional memory, from address 0.
  var lowerMemory: UInt32 { 639 }

  /// KiB from 1 MiB up to the first hole.
  var upperMemory: UInt32 {
    UInt32(clamping: (platform.memoryBelow4GiB - min(platform.memoryBelow4GiB, 1 << 20)) >> 10)
  }

  var memoryMap: [E820Map.Entry] { E820Map(platform).entries }

  /// The framebuffer as both versions describe it; nil if there is none.
  var framebuffer: Framebuffer? {
    platform.framebuffer.map { Framebuffer($0.mode) }
  }

  struct Framebuffer {
    let address = MemoryMap.framebuffer.rawValue
    let stride: UInt32
    let width: UInt32
    let height: UInt32
    let bitsPerPixel: UInt8
    /// Position and size in bits of red, green and blue; nil with a palette.
    let channels: [UInt8]?

    init(_ mode: DisplayMode) {
      stride = UInt32(clamping: mode.stride)
      width = UInt32(clamping: mode.width)
      height = UInt32(clamping: mode.height)
      // Depth 15 takes 16 bits in memory; the channels say that one of them is unused.
      bitsPerPixel = UInt8(clamping: mode.format.bytesPerPixel * 8)
      channels = mode.format == .indexed8 ? nil : BootInformation.channels(of: mode.format)
    }
  }

  /// The palette as the DAC has it at first: red, green and blue of each of 256 colours.
  static var palette: [UInt8] {
    let dac = VGADAC()
    return (0...UInt8.max).flatMap { pixel in
      let color = dac.color(of: pixel)
      return [color.red, color.green, color.blue]
    }
  }
}
