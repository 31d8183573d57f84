import ArgumentParser

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    _superCommandName: "scanline",
    abstract: "Say what this host's KVM can do, and what is missing for what.",
    discussion: """
      Asks KVM for its capabilities, and runs a few instructions in each processor mode. Ends with \
      72 when no machine can run here.
      """)

  @Option(help: "The report's format: text or json.")
  var format = ReportFormat.text

  @OptionGroup(title: "Host") var host: HostOptions

  func run() throws {
    let host = try HostReport(device: self.host.devicePath)
    try host.print(as: format)
    if !host.isUsable { throw ExitCode(ExitStatus.host) }
  }
}
