/// A kernel that a Multiboot loader starts, of version 1 or 2, with its modules: everything that can be
/// checked without KVM.
///
/// Multiboot Specification 0.6.96 and Multiboot2 Specification 2.0. Of the two places where an image
/// can say where it is loaded, the header's addresses count before the ELF headers, as in GRUB.
public struct MultibootImage: Sendable {
  enum Version {
    case one
    case two
  }

  public let file: ImageFile
  public let modules: [BootModule]
  let version: Version
  /// Where the image is linked to lie.
  let placement: ImagePlacement
  /// The physical address of the first instruction, there.
  let linkedEntry: GuestAddress
  let elf: ELFFile?
  let videoMode: MultibootVideoMode?
  private let requiresConsole: Bool
  let relocation: Multiboot2Header.Relocation?

  /// An image with a Multiboot 1 header.
  public init(version1 file: ImageFile, modules: [BootModule] = []) throws(VMMError) {
    let header = try MultibootHeader(file)
    try self.init(
      file, .one, modules, addresses: header.addresses, headerOffset: header.offset, entry: nil,
      videoMode: header.videoMode)
  }

  /// An image with a Multiboot 2 header.
  public init(version2 file: ImageFile, modules: [BootModule] = []) throws(VMMError) {
    let header = try Multiboot2Header(file)
    try self.init(
      file, .two, modules, addresses: header.addresses, headerOffset: header.offset,
      entry: header.entry, videoMode: header.videoMode, requiresConsole: header.requiresConsole,
      relocation: header.relocation)
  }

  private init(
    _ file: ImageFile, _ version: Version, _ modules: [BootModule],
    addresses: MultibootAddresses?, headerOffset: Int, entry: UInt32?,
    videoMode: MultibootVideoMode?, requiresConsole: Bool = false,
    relocation: Multiboot2Header.Relocation? = nil
  ) throws(VMMError) {
    self.file = file
    self.version = version
    self.modules = modules
    self.videoMode = videoMode
    self.requiresConsole = requiresConsole
    self.relocation = relocation
    // An image that gives its addresses may still be an ELF file, whose symbols the kernel wants; it
    // need not be one.
    elf = addresses == nil ? try ELFFile(file) : try? ELFFile(file)
    if let addresses {
      placement = try addresses.placement(of: file, headerOffset: headerOffset)
      linkedEntry = GuestAddress(UInt64(addresses.entry))
    } else if let elf {
      placement = elf.placement
      if let entry {
        linkedEntry = GuestAddress(UInt64(entry))
      } else {
        linkedEntry = try elf.physicalEntry32()
      }
      guard placement.loadedRanges.contains(where: { $0.contains(linkedEntry) }) else {
        throw VMMError(
          .image,
          "image \(file.name): its entry \(linkedEntry) lies outside its segments; correct the entry "
            + "tag of its Multiboot 2 header")
      }
    } else {
      throw VMMError(.image, "image \(file.name): says nowhere where it is to be loaded")
    }
  }

  /// Checks that image, modules and boot information fit in `memorySize` bytes of RAM and overlap
  /// nothing that the machine puts there itself.
  public func validate(memorySize: UInt64) throws(VMMError) {
    _ = try MultibootLayout(self, memorySize: memorySize)
  }

  /// `configuration` with the video mode that the kernel asks for, or the nearest one, if there is to be
  /// a framebuffer and its mode is negotiable.
  func adapted(_ configuration: MachineConfiguration) throws(VMMError) -> MachineConfiguration {
    guard let mode = configuration.framebuffer else {
      guard !requiresConsole else {
        throw VMMError(
          .image,
          "image \(file.name): its Multiboot 2 header requires a console; leave out --framebuffer none"
        )
      }
      return configuration
    }
    var configuration = configuration
    if let videoMode, configuration.isFramebufferNegotiable {
      configuration.framebuffer = videoMode.nearest(insteadOf: mode)
    }
    return configuration
  }

  /// What its bytes are, in words.
  var carrier: String {
    elf.map { "\($0.bits)-bit ELF" } ?? "by the addresses in its header"
  }
}

extension ELFFile {
  /// ``physicalEntry()`` of a kernel that is entered in 32-bit mode.
  fileprivate func physicalEntry32() throws(VMMError) -> GuestAddress {
    let entry = try physicalEntry()
    guard entry < MemoryMap.highRAM else {
      throw VMMError(
        .image,
        "image \(file.name): its entry \(entry) lies beyond 4 GiB, where 32-bit code cannot be; link it "
          + "for a lower address")
    }
    return entry
  }
}
