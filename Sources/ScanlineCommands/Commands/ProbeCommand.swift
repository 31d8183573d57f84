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

  @Option(help: "The form of the report: text or json.")
  var report = ReportFormat.text

  @OptionGroup(title: "Host") var host: HostOptions

  func run() throws {
    let host = try HostReport(device: self.host.devicePath)
    try host.print(as: report)
    if !host.isUsable { throw ExitCode(ExitStatus.host) }
  }
}
