import ArgumentParser
import VMM

/// The framebuffer, how it is polled, and what becomes of its picture.
struct DisplayOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Video mode at the start, or none.",
      discussion: """
        Default: what a Multiboot kernel asks for, else 1024x768x32. Depths: 8, 15, 16, 24, 32. \
        The guest can change it (Bochs VBE DISPI).
        """,
      valueName: "mode"),
    transform: FramebufferArgument.init(argument:))
  var framebuffer: FramebufferArgument?

  @Option(
    help: ArgumentHelp(
      "A VGA with text modes, modes 04h to 06h and 13h: auto (default), on or off.",
      discussion: """
        The machine then starts in text mode, and the framebuffer is off until the guest sets a \
        mode. auto: for boot sectors, kernels in real mode, and Multiboot kernels that ask for no \
        mode. Planar modes are not shown.
        """, valueName: "presence"))
  var vga: VGAPresence?

  @Option(
    help: ArgumentHelp(
      "Write the last frame here: PNG if it ends in .png, else PPM; - for standard output.",
      discussion: """
        SIGUSR2, or Ctrl-A s in a terminal, writes the file while the guest runs. With - the \
        guest's serial output goes to standard error.
        """,
      valueName: "file"))
  var screenshot: String?

  @Option(
    help: ArgumentHelp(
      "How written pages are found: auto (default), bitmap, clear, clear-initially-set or ring.",
      discussion: "auto: clear where KVM has manual protection, else bitmap. See `scanline probe`.",
      valueName: "interface"))
  var dirtyLog: AutoOr<DirtyLogInterface>?

  @Option(
    help: ArgumentHelp(
      "Most frames a second, 1 to 1000; none while nothing changes.", valueName: "rate"))
  var fps = 60

  @Flag(
    help: ArgumentHelp(
      "End frames where the guest rings the doorbell, port 0x1D0.",
      discussion: "Until it first does, frames end with the clock."))
  var present = false

  @Option(
    help: ArgumentHelp(
      "Write a picture of how often each scanline changed, as --screenshot does.",
      valueName: "file"))
  var heatmap: String?

  func apply(to configuration: inout MachineConfiguration) throws(VMMError) {
    if let framebuffer {
      configuration.framebuffer = try framebuffer.mode()
      configuration.isFramebufferNegotiable = false
    }
    configuration.vga = vga ?? .auto
    configuration.dirtyLog = dirtyLog?.word
    configuration.framesPerSecond = fps
    configuration.isPresentedByGuest = present
  }
}
