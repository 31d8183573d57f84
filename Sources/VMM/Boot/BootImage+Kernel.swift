/// What a kernel of an operating system expects of its machine, and other guests do without.
extension BootImage {
  /// Whether it is a kernel that an operating system comes with.
  private var isOperatingSystem: Bool {
    switch self {
    case .flat, .elf, .multiboot, .bios: false
    case .linux, .pvh: true
    }
  }

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
    isOperatingSystem ? "console=ttyS0 earlyprintk=ttyS0" : ""
  }
}
