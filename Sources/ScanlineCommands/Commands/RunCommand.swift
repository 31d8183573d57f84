import ArgumentParser
import SystemPackage
import VMM

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    _superCommandName: "scanline",
    abstract: "Run an image: a kernel, a boot sector, an ELF file or a flat image.",
    discussion: """
      The guest's serial port is standard input and output; what scanline itself says goes to \
      standard error. In a terminal every key goes to the guest; Ctrl-A x quits, Ctrl-A h helps. \
      The exit statuses are in `scanline --help`.
      """)

  @Option(
    help: ArgumentHelp(
      "What the image is (default: auto, by its content and name).",
      discussion: """
        A file named *.com is a DOS program unless its content says otherwise. `scanline inspect` tells \
        what auto takes it for.
        """))
  var format: AutoOr<ImageFormat>?

  @OptionGroup(title: "Image") var image: ImageOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions
  @OptionGroup(title: "Display") var display: DisplayOptions
  @OptionGroup(title: "Looking inside") var trace: TraceOptions
  @OptionGroup(title: "Host") var host: HostOptions

  func run() throws {
    var run = try MachineRun(machine, display: display, trace: trace)
    run.configuration.device = host.devicePath
    let (image, memorySize) = try image.load(as: format?.word)
    run.configuration.memorySize = memorySize
    if machine.append == nil { run.configuration.commandLine = image.defaultCommandLine }
    try run.run(image)
  }

  /// `scanline run IMAGE` and nothing else, without the option parser: that takes longer than KVM and
  /// a small guest together. Returns if `arguments` are not that.
  static func runPlainly(_ arguments: [String]) throws(VMMError) {
    guard arguments.count == 2, arguments[0] == configuration.commandName,
      !arguments[1].hasPrefix("-")
    else { return }
    let image = try BootImage(ImageFile(path: FilePath(arguments[1])), options: BootOptions())
    var run = MachineRun()
    run.configuration.memorySize = image.recommendedMemorySize
    run.configuration.commandLine = image.defaultCommandLine
    try run.run(image)
  }
}
