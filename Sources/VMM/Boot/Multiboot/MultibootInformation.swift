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
