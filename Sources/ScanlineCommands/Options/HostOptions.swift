import ArgumentParser
import SystemPackage

/// What a machine runs on.
struct HostOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The KVM device.", valueName: "path"))
  var device = "/dev/kvm"

  var devicePath: FilePath { FilePath(device) }
}
