import KVM

/// Brings a Multiboot kernel into a machine: image, modules, boot information, and the machine state of
/// both specifications (0.6.96, section 3.2; 2.0, section 3.3): 32-bit protected mode without paging,
/// flat segments, EAX the magic number and EBX the address of the boot information.
///
/// The specifications promise nothing about GDTR and the selectors. There is a valid GDT, with code at
/// 0x08 and data at 0x10, for kernels that return from an interrupt before they have loaded their own.
struct MultibootLoader: BootLoader {
  private let image: MultibootImage
  private let layout: MultibootLayout

  init(_ image: MultibootImage, memorySize: UInt64) throws(VMMError) {
    self.image = image
    layout = try MultibootLayout(image, memorySize: memorySize)
  }

  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    // Before the kernel, which may lie over it: a PC has that when its loader runs.
    BIOSROM.write(to: RealModeMemory(ram: memory))
    BIOSDataArea.write(to: memory, of: platform)
    try layout.placement.load(image.file, into: memory)
    for (module, address) in zip(image.modules, layout.modules) {
      try module.file.load(into: memory, at: address)
    }
    for (table, address) in layout.tables {
      try image.file.load(table.size, from: table.fileOffset, into: memory, at: address)
    }
    // The firmware's tables are there before any loader runs.
    let rsdp = memory.read(RSDP.size, at: FirmwareTables.start) ?? []
    guard memory.write(information.bytes(platform, rsdp: rsdp), at: layout.information) else {
      throw VMMError(
        .image, "image \(image.file.name): leaves no room for the boot information; raise --memory")
    }
  }

  private var information: MultibootInformation {
    MultibootInformation(
      image: image, placement: layout.placement, entry: layout.entry, modules: layout.modules,
      sections: layout.sections, base: UInt32(truncatingIfNeeded: layout.information.rawValue))
  }

  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters) {
    special.cs = MultibootInformation.code.segment
    special.loadDataSegments(MultibootInformation.data.segment)
    special.gdt.base = layout.information.rawValue
    special.gdt.limit = MultibootInformation.descriptorTableLimit
    special.idt.base = 0
    special.idt.limit = 0
    special.cr0 = ControlRegister.protectionEnable | ControlRegister.extensionType
    registers.rax = UInt64(image.version.bootloaderMagic)
    registers.rbx = layout.information.rawValue + UInt64(MultibootInformation.offset)
    registers.rip = layout.entry.rawValue
  }
}

extension MultibootImage.Version {
  /// What EAX says.
  var bootloaderMagic: UInt32 {
    switch self {
    case .one: 0x2BAD_B002
    case .two: 0x36D7_6289
    }
  }
}
