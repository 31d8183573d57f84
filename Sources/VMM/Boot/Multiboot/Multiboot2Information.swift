/// The boot information of version 2: tags, each at a multiple of 8. Multiboot2 Specification 2.0,
/// section 3.6.
struct Multiboot2Information {
  /// The types of tags.
  private enum TagType {
    static let end: UInt32 = 0
    static let commandLine: UInt32 = 1
    static let loaderName: UInt32 = 2
    static let module: UInt32 = 3
    static let basicMemory: UInt32 = 4
    static let memoryMap: UInt32 = 6
    static let vbe: UInt32 = 7
    static let framebuffer: UInt32 = 8
    static let elfSections: UInt32 = 9
    static let oldRSDP: UInt32 = 14
    static let newRSDP: UInt32 = 15
    static let loadBase: UInt32 = 21
  }

  private let information: MultibootInformation
  private let platform: Platform
  private let rsdp: [UInt8]

  init(_ information: MultibootInformation, _ platform: Platform, rsdp: [UInt8]) {
    self.information = information
    self.platform = platform
    self.rsdp = rsdp
  }

  /// Appends it to what lies before it, which ends at a multiple of 8.
  func append(to bytes: inout [UInt8]) {
    let start = bytes.count
    let description = MultibootPlatform(platform)
    bytes.append(littleEndian: UInt32(0))  // The size of all, below.
    bytes.append(littleEndian: UInt32(0))

    func tag(_ type: UInt32, _ content: [UInt8]) {
      bytes.append(littleEndian: type)
      bytes.append(littleEndian: UInt32(clamping: 8 + content.count))
      bytes += content
      while bytes.count % 8 != 0 { bytes.append(0) }
    }
    func tag(_ type: UInt32, _ words: UInt32..., text: String? = nil) {
      var content: [UInt8] = []
      for word in words { content.append(littleEndian: word) }
      if let text { content += Array(text.utf8) + [0] }
      tag(type, content)
    }

    // As GRUB does: without the name of the image, which version 1 has in front.
    tag(TagType.commandLine, text: platform.commandLine)
    tag(TagType.loaderName, text: MultibootInformation.loaderName)
    for module in information.moduleRanges {
      tag(TagType.module, module.start, module.end, text: module.text)
    }
    tag(TagType.basicMemory, description.lowerMemory, description.upperMemory)
    tag(TagType.memoryMap, memoryMap(description))
    if let vbe = MultibootVBE(platform) {
      var content: [UInt8] = []
      content.append(littleEndian: vbe.mode)
      content.append(zeroes: 6)  // No interface in protected mode.
      let address = UInt32(truncatingIfNeeded: bytes.count + 8 + content.count)
      content += vbe.controllerInformation(at: information.base &+ address)
      tag(TagType.vbe, content + vbe.modeInformation)
    }
    if let framebuffer = description.framebuffer {
      tag(TagType.framebuffer, content(of: framebuffer))
    }
    if let sections = information.sections {
      // The text of the specification has fields of 16 bits; its multiboot2.h, GRUB and those who read
      // this have 32.
      var content: [UInt8] = []
      content.append(littleEndian: UInt32(clamping: sections.count))
      content.append(littleEndian: UInt32(clamping: sections.entrySize))
      content.append(littleEndian: UInt32(clamping: sections.nameIndex))
      tag(TagType.elfSections, content + sections.headers)
    }
    tag(TagType.oldRSDP, Array(rsdp.prefix(20)))
    tag(TagType.newRSDP, rsdp)
    if information.image.relocation != nil {
      tag(
        TagType.loadBase, UInt32(truncatingIfNeeded: information.placement.start.rawValue))
    }
    tag(TagType.end, [])
    bytes.store(littleEndian: UInt32(clamping: bytes.count - start), at: start)
  }

  private func memoryMap(_ description: MultibootPlatform) -> [UInt8] {
    var content: [UInt8] = []
    content.append(littleEndian: UInt32(24))  // The size of an entry.
    content.append(littleEndian: UInt32(0))  // Its version.
    for entry in description.memoryMap {
      content += entry.encoded
      content.append(littleEndian: UInt32(0))
    }
    return content
  }

  private func content(of framebuffer: MultibootPlatform.Framebuffer) -> [UInt8] {
    var content: [UInt8] = []
    content.append(littleEndian: framebuffer.address)
    content.append(littleEndian: framebuffer.stride)
    content.append(littleEndian: framebuffer.width)
    content.append(littleEndian: framebuffer.height)
    content.append(framebuffer.bitsPerPixel)
    content.append(framebuffer.pixels.type)
    content.append(littleEndian: UInt16(0))
    switch framebuffer.pixels {
    case .indexed:
      // 16 bits, as in multiboot2.h and GRUB.
      content.append(littleEndian: UInt16(256))
      content += MultibootPlatform.palette
    case .direct(let channels): content += channels
    case .text: break
    }
    return content
  }
}
