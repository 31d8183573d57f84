/// What a kernel expects of its machine, and other guests do without.
extension BootImage {
  /// RAM in bytes where a user does not say: enough for a distribution's kernel to unpack itself and its
  /// initrd, and what QEMU gives a Multiboot one, which test kernels take for granted. What a guest never
  /// touches costs the host nothing.
  public var recommendedMemorySize: UInt64 {
    switch self {
    case .linux, .pvh: 512 << 20
    case .multiboot: 128 << 20
    case .flat, .elf, .bios: 64 << 20
    }
  }

  /// The command line where a user does not say: a Linux kernel is told to use the serial port, or it
  /// would stay silent.
  public var defaultCommandLine: String {
    switch self {
    case .linux, .pvh: "console=ttyS0 earlyprintk=ttyS0"
    case .flat, .elf, .multiboot, .bios: ""
    }
  }
}
