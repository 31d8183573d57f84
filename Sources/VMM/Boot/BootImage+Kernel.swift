/// What a kernel of an operating system expects of its machine, and other guests do without.
extension BootImage {
  /// Whether it is a kernel that an operating system comes with.
  private var isOperatingSystem: Bool {
    switch self {
    case .flat, .elf: false
    case .linux, .pvh: true
    }
  }

  /// RAM in bytes where a user does not say: enough for a distribution's kernel to unpack itself and its
  /// initrd. What a guest never touches costs the host nothing.
  public var recommendedMemorySize: UInt64 { isOperatingSystem ? 512 << 20 : 64 << 20 }

  /// The command line where a user does not say: a Linux kernel is told to use the serial port, or it
  /// would stay silent.
  public var defaultCommandLine: String {
    isOperatingSystem ? "console=ttyS0 earlyprintk=ttyS0" : ""
  }

  /// Checks that the command line is one that the guest takes.
  func validate(commandLine: String) throws(VMMError) {
    if case .linux(let image) = self { try image.validate(commandLine: commandLine) }
  }

  /// The machine that `configuration` asks for, where it leaves a choice, as this guest needs it: with
  /// local APICs for a kernel that expects a PC of this century.
  func adapt(_ configuration: MachineConfiguration) -> MachineConfiguration {
    var configuration = configuration
    configuration.prefersLocalAPICs = isOperatingSystem
    return configuration
  }
}
