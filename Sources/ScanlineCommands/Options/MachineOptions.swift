import ArgumentParser
import VMM

/// The machine around the image, and what becomes of its picture.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of vCPUs; all but the first wait for INIT and SIPI.", valueName: "number"))
  var cpus = 1

  @Option(
    help: ArgumentHelp(
      "Interrupt controllers: auto, kernel or none.",
      discussion: "auto: in the kernel with several vCPUs; otherwise none, which starts fastest."))
  var irqchip = MachineConfiguration.InterruptController.auto

  @Option(
    help: ArgumentHelp(
      "Video mode at the start, or none (default: 1024x768x32).",
      discussion: "Depths: 8, 15, 16, 24, 32. The guest can change it (Bochs VBE DISPI).",
      valueName: "mode"),
    transform: FramebufferArgument.init(argument:))
  var framebuffer = FramebufferArgument(
    FramebufferMode(width: 1024, height: 768, bitsPerPixel: 32))

  @Option(help: ArgumentHelp("Command line for the guest.", valueName: "text"))
  var append = ""

  @Option(
    help: ArgumentHelp(
      "Write the last frame here: PNG if it ends in .png, else PPM; - for standard output.",
      discussion: "With - the guest's serial output goes to standard error.",
      valueName: "file"))
  var screenshot: String?

  @Option(
    help: ArgumentHelp("Stop the guest after this time.", valueName: "seconds"),
    transform: Seconds.init(argument:))
  var timeout: Seconds?

  @Flag(name: .shortAndLong, help: "Say what is loaded where, and what the display did.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing about a guest that ends as it should.")
  var quiet = false

  func configuration(memory: ByteCount) throws(VMMError) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.memorySize = memory.bytes
    configuration.cpuCount = cpus
    configuration.interruptController = irqchip
    configuration.framebuffer = try framebuffer.mode()
    configuration.commandLine = append
    return configuration
  }
}
