import KVM

/// Starts a Linux kernel by the 64-bit or the 32-bit boot protocol.
///
/// Source: "The Linux/x86 Boot Protocol" (Documentation/arch/x86/boot.rst in Linux), sections "32-bit
/// Boot Protocol" and "64-bit Boot Protocol".
struct LinuxLoader: BootLoader {
  let image: LinuxImage

  private var isLong: Bool { image.mode == .long }

  func load(into memory: GuestMemory, of platform: Platform) throws(VMMError) {
    let header = image.header
    let initrdAddress = try image.initrdAddress(memoryBelow4GiB: platform.memoryBelow4GiB)
    try image.file.load(
      UInt64(header.kernelSize), from: UInt64(header.setupSize), into: memory,
      at: image.loadAddress)
    if let initrd = image.initrd, let initrdAddress {
      try initrd.load(into: memory, at: initrdAddress)
    }
    KernelSegments(isLong: isLong).write(to: memory)
    if isLong { PageTables.write(to: memory) }
    _ = memory.write(Array(platform.commandLine.utf8) + [0], at: MemoryMap.kernelCommandLine)
    let zeroPage = ZeroPage(
      image: image, platform: platform, initrdAddress: initrdAddress)
    _ = memory.write(zeroPage.bytes, at: MemoryMap.bootInformation)
  }

  func enter(_ registers: inout Registers, _ special: inout SpecialRegisters) {
    KernelSegments(isLong: isLong).load(into: &special)
    special.cr0 = ControlRegister.protectionEnable | ControlRegister.extensionType
    if isLong {
      special.cr0 |= ControlRegister.paging
      special.cr3 = MemoryMap.pageTables.rawValue
      special.cr4 = ControlRegister.physicalAddressExtension
      special.efer = ControlRegister.longModeEnable | ControlRegister.longModeActive
    }
    registers.rip = image.entry.rawValue
    registers.rsi = MemoryMap.bootInformation.rawValue
  }
}
