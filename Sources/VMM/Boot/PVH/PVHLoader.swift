import KVM

/// Starts a kernel by Xen's PVH boot protocol: in protected mode without paging, with EBX at the start
/// information.
///
/// Source: "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc in Xen).
struct PVHLoader: BootLoader {
  let image: PVHImage

  private let segments = KernelSegments(isLong: false)

  init(image: PVHImage) {
    self.image = image
  }

  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    let initrdAddress = try image.initrdAddress(memoryBelow4GiB: platform.memoryBelow4GiB)
    try image.elf.placement.load(image.elf.file, into: memory)
    var modules: [PVHStartInformation.Module] = []
    if let initrd = image.initrd, let initrdAddress {
      try initrd.load(into: memory, at: initrdAddress)
      modules.append(.init(address: initrdAddress, size: UInt64(initrd.size)))
    }
    segments.write(to: memory)
    _ = memory.write(Array(platform.commandLine.utf8) + [0], at: MemoryMap.kernelCommandLine)
    let information = PVHStartInformation(modules: modules, memoryMap: E820Map(platform))
    _ = memory.write(information.bytes, at: PVHStartInformation.address)
  }

  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters) {
    segments.load(into: &special)
    special.cr0 = ControlRegister.protectionEnable | ControlRegister.extensionType
    registers.rip = image.entry.rawValue
    registers.rbx = PVHStartInformation.address.rawValue
  }
}
