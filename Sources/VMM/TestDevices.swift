import Devices

/// What test kernels for QEMU look for beside a PC's own devices: `pc-testdev` and fw_cfg.
struct TestDevices {
  /// All ports with their devices.
  let ports: [(ports: [ClosedRange<UInt16>], device: any PortIODevice)]
  let memory: [MMIOBus.Claim]

  init(
    _ configuration: MachineConfiguration, interrupts: InterruptSystem, memory: GuestMemory
  ) {
    guard configuration.hasTestDevices else {
      ports = []
      self.memory = []
      return
    }
    let device = PCTestDevice(interrupts: (0..<16).map(interrupts.line)) {
      memory.flushPage(at: GuestAddress($0))
    }
    let items = FirmwareConfigurationItems(
      memorySize: configuration.memorySize, cpuCount: configuration.cpuCount,
      commandLine: configuration.commandLine)
    ports = [
      (PCTestDevice.ports, device),
      ([FirmwareConfiguration.ports], FirmwareConfiguration(items)),
    ]
    self.memory = [(PCTestMemory.address, PCTestMemory.size, PCTestMemory())]
  }
}
