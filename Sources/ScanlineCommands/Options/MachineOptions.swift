import ArgumentParser
import VMM

/// The machine around the image.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of vCPUs; all but the first wait for INIT and SIPI.", valueName: "number"))
  var cpus = 1

  @Option(
    help: ArgumentHelp(
      "Interrupt controllers: auto (default), kernel, split or none.",
      discussion: """
        kernel: PIC, IOAPIC, local APICs and PIT in KVM. split: local APICs in KVM, the others \
        ours. none: PIC and PIT, ours; no APICs. auto, the fastest to start and stop: none with \
        one vCPU, split with several, and for a Linux, PVH or Multiboot kernel.
        """))
  var irqchip: MachineConfiguration.InterruptController?

  @Option(
    help: ArgumentHelp(
      "Ports of isa-debug-exit, or none (default: 0xF4,4).",
      discussion: "SIZE ports, 1, 2 or 4, from PORT on; as iobase and iosize in QEMU.",
      valueName: "port[,size]"),
    transform: DebugExitArgument.init(argument:))
  var debugExit = DebugExitArgument()

  @Flag(
    help: ArgumentHelp(
      "Add the devices that test kernels for QEMU use.",
      discussion: "pc-testdev at 0xE0, 0xE4, 0xE8, 0x2000, 0xFF000000; fw_cfg at 0x510."))
  var testDevices = false

  @Option(
    help: ArgumentHelp(
      "Execute what the host's KVM fails to emulate: auto (default) or off.",
      discussion: """
        auto: where KVM emulates the kernel's code and stops at an instruction, go on with it if \
        it is in the documented set. off: the guest ends there.
        """,
      valueName: "mode"))
  var assist: AssistMode?

  @Option(
    help: ArgumentHelp(
      "What a guest gets that resets the machine: exit (default) or reboot.",
      discussion: """
        exit: the run ends, with status 0, or 70 after a triple fault. reboot: it starts again, \
        unless it dies of a triple fault three times within 0.1 s of its start.
        """,
      valueName: "action"))
  var onReset: ResetAction?

  @Option(
    help: ArgumentHelp(
      "Command line for the guest.",
      discussion: "Default for Linux and PVH kernels: console=ttyS0 earlyprintk=ttyS0.",
      valueName: "text"))
  var append: String?

  @Option(
    help: ArgumentHelp(
      "Where standard input goes: auto (default), serial or keyboard.",
      discussion: """
        keyboard: each character is typed, and so are the arrow and function keys of a terminal. \
        auto: the keyboard of a boot sector, a .COM program or a kernel in real mode, the serial port \
        of everything else.
        """,
      valueName: "device"))
  var input: InputTarget?

  @Option(
    help: ArgumentHelp(
      "Where text goes that is printed with INT 10h: both (default) or screen.",
      discussion: "both: to the screen, and to standard output.", valueName: "place"))
  var teletype: TeletypeTarget?

  @Option(
    help: ArgumentHelp("Stop the guest after this time.", valueName: "seconds"),
    transform: Seconds.init(argument:))
  var timeout: Seconds?

  @Flag(name: .shortAndLong, help: "Say what is loaded where, and what the display did.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing about a guest that ends as it should.")
  var quiet = false

  func configuration() -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.cpuCount = cpus
    configuration.interruptController = irqchip ?? .auto
    configuration.debugExitPorts = debugExit.ports
    configuration.hasTestDevices = testDevices
    configuration.assistsEmulation = assist != .off
    configuration.resetAction = onReset ?? .exit
    configuration.printsTeletype = teletype != .screen
    configuration.commandLine = append ?? ""
    return configuration
  }
}

/// Whether the emulation assist may be used.
enum AssistMode: String, WordArgument {
  case auto
  case off
}
