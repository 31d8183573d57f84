import ArgumentParser
import VMM

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    _superCommandName: "scanline",
    abstract: "Run the built-in guest: text in the terminal, a picture in demo.ppm.")

  @Option(
    help: ArgumentHelp(
      "Where the picture goes: PNG if it ends in .png, else PPM; - for standard output.",
      valueName: "file"))
  var screenshot = "demo.ppm"

  @OptionGroup(title: "Host") var host: HostOptions

  func run() throws {
    var run = MachineRun()
    run.configuration.device = host.devicePath
    run.screenshot = screenshot
    run.verbose = true
    try run.run(.flat(FlatImage(.demo)))
  }
}
