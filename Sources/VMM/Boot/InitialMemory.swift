import KVM

/// What the guest finds in RAM at its start: the image with what its boot protocol hands over, and the
/// ACPI and MP tables. A reset writes it again.
struct InitialMemory: Sendable {
  let loader: any BootLoader
  let platform: Platform
  let firmwareTables: FirmwareTables

  /// Writes it into RAM that is zero. An image file is read again each time, from the file as it was
  /// opened.
  func write(to memory: GuestMemory) throws(VMMError) {
    firmwareTables.write(to: memory)
    try loader.load(into: memory, of: platform)
  }
}

extension InitialMemory {
  /// What the image of `loader` finds on a machine as it was just made.
  init(
    _ loader: any BootLoader, on board: borrowing Board, _ configuration: MachineConfiguration,
    processor: CPUID
  ) {
    let framebuffer = board.video.flatMap { video in
      video.currentMode().mode.map { ($0, video.framebufferSize) }
    }
    self.init(
      loader: loader,
      platform: Platform(
        board.memory, framebuffer: framebuffer, cpuCount: configuration.cpuCount,
        commandLine: configuration.commandLine, textScreen: board.video?.textScreen),
      firmwareTables: FirmwareTables(
        cpuCount: UInt8(clamping: configuration.cpuCount),
        hasLocalAPIC: board.interrupts.arrangement.hasLocalAPICs,
        ioAPICVersion: board.interrupts.ioAPICVersion, processor: MPTable.Processor(processor),
        hasVGA: board.video?.vga != nil))
  }
}
