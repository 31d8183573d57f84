/// The boot information of version 1. Multiboot Specification 0.6.96, section 3.3.
struct Multiboot1Information {
  /// The size of the structure, to the end of the framebuffer's colours.
  private static let size = 120
  /// The framebuffer's colours: what the palette has, or where red, green and blue are. The table of
  /// section 3.3 has them at 110, its header file at 112, where a compiler aligns them, and so do GRUB and
  /// the kernels that use it.
  private static let colors = 112

  /// The field `flags`: what else of the structure is valid.
  private enum Flag {
    static let memory: UInt32 = 1 << 0
    static let commandLine: UInt32 = 1 << 2
    static let modules: UInt32 = 1 << 3
    static let elfSections: UInt32 = 1 << 5
    static let memoryMap: UInt32 = 1 << 6
    static let loaderName: UInt32 = 1 << 9
    static let vbe: UInt32 = 1 << 11
    static let framebuffer: UInt32 = 1 << 12
  }

  private let information: MultibootInformation
  private let platform: Platform

  init(_ information: MultibootInformation, _ platform: Platform) {
    self.information = information
    self.platform = platform
  }

  /// Appends it to what lies before it, from the information's base on.
  func append(to bytes: inout [UInt8]) {
    let start = bytes.count
    let description = MultibootPlatform(platform)
    bytes.append(zeroes: Self.size)
    var flags = Flag.memory | Flag.commandLine | Flag.loaderName | Flag.memoryMap

    /// Appends what the structure points to, and returns its address.
    func place(_ content: [UInt8]) -> UInt32 {
      while bytes.count % 8 != 0 { bytes.append(0) }
      let address = information.base &+ UInt32(truncatingIfNeeded: bytes.count)
      bytes += content
      return address
    }
    func place(_ text: String) -> UInt32 { place(Array(text.utf8) + [0]) }
    func set(_ value: some FixedWidthInteger, at offset: Int) {
      bytes.store(littleEndian: value, at: start + offset)
    }

    set(description.lowerMemory, at: 4)
    set(description.upperMemory, at: 8)
    set(place(commandLine), at: 16)
    set(place(MultibootInformation.loaderName), at: 64)

    if !information.modules.isEmpty {
      flags |= Flag.modules
      var list: [UInt8] = []
      for module in information.moduleRanges {
        list.append(littleEndian: module.start)
        list.append(littleEndian: module.end)
        list.append(littleEndian: place(module.text))
        list.append(littleEndian: UInt32(0))
      }
      set(UInt32(clamping: information.modules.count), at: 20)
      set(place(list), at: 24)
    }
    if let sections = information.sections {
      flags |= Flag.elfSections
      set(UInt32(clamping: sections.count), at: 28)
      set(UInt32(clamping: sections.entrySize), at: 32)
      set(place(sections.headers), at: 36)
      set(UInt32(clamping: sections.nameIndex), at: 40)
    }
    var map: [UInt8] = []
    for entry in description.memoryMap {
      map.append(littleEndian: UInt32(E820Map.Entry.encodedSize))
      map += entry.encoded
    }
    set(UInt32(clamping: map.count), at: 44)
    set(place(map), at: 48)

    if let vbe = MultibootVBE(platform) {
      flags |= Flag.vbe
      let controllerInformation = place(
        [UInt8](repeating: 0, count: MultibootVBE.controllerInformationSize))
      bytes.replaceSubrange(
        (bytes.count - MultibootVBE.controllerInformationSize)...,
        with: vbe.controllerInformation(at: controllerInformation))
      set(controllerInformation, at: 72)
      set(place(vbe.modeInformation), at: 76)
      set(vbe.mode, at: 80)
    }
    if let framebuffer = description.framebuffer {
      flags |= Flag.framebuffer
      set(framebuffer.address, at: 88)
      set(framebuffer.stride, at: 96)
      set(framebuffer.width, at: 100)
      set(framebuffer.height, at: 104)
      set(framebuffer.bitsPerPixel, at: 108)
      set(framebuffer.pixels.type, at: 109)
      switch framebuffer.pixels {
      case .indexed:
        set(place(MultibootPlatform.palette), at: Self.colors)
        set(UInt16(256), at: Self.colors + 4)
      case .direct(let channels):
        for (index, value) in channels.enumerated() { set(value, at: Self.colors + index) }
      case .text: break
      }
    }
    set(flags, at: 0)
  }

  /// The name of the image, and what the user gives: a kernel skips the first word.
  private var commandLine: String {
    let name = BootModule(information.image.file).text
    return platform.commandLine.isEmpty ? name : "\(name) \(platform.commandLine)"
  }
}
