import ArgumentParser
import KVM
import SystemPackage
import VMM

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Stress this host's dirty logs, and say whether they lose a page.",
    discussion: """
      vCPUs write to their pages without pause while the log is harvested. Several times a second \
      all of them are stopped, and what was copied is compared with their memory byte for byte. Ends \
      with 1 if a page was lost.
      """)

  @Option(
    help: ArgumentHelp(
      "Which interface is stressed, one after the other those that the host has.",
      valueName: "interface"))
  var dirtyLog = StressedDirtyLogs.all

  @Option(help: ArgumentHelp("Number of vCPUs that write.", valueName: "number"))
  var cpus = 2

  @Option(help: ArgumentHelp("Number of pages that each vCPU writes.", valueName: "number"))
  var pages = 64

  @Option(
    help: ArgumentHelp(
      "How long each configuration is stressed (default: 2).", valueName: "seconds"),
    transform: Seconds.init(argument:))
  var seconds = Seconds(nanoseconds: 2_000_000_000)

  @Option(help: ArgumentHelp("The guest's privilege level.", valueName: "level"))
  var cpl = StressedPrivilegeLevels.both

  @Option(
    help: ArgumentHelp(
      "When pages are copied.",
      discussion: "copy-first is the wrong order, for demonstration: it loses pages.",
      valueName: "order"))
  var order = DirtyLogStress.Order.harvestFirst

  @Option(help: "The report's format: text or json.")
  var format = ReportFormat.text

  @OptionGroup(title: "Host") var host: HostOptions

  func run() throws {
    var results = VerifyReport(order: order, cpus: cpus, pages: pages)
    for interface in try dirtyLog.interfaces(on: host.devicePath) {
      for level in cpl.levels {
        var stress = DirtyLogStress(interface: interface)
        stress.privilegeLevel = level
        stress.order = order
        stress.cpuCount = cpus
        stress.pageCount = pages
        stress.duration = seconds.nanoseconds
        stress.device = host.devicePath
        results.add(try stress.run(), of: stress)
      }
    }
    try results.print(as: format)
    if results.lostPages > 0 { throw ExitCode(ExitStatus.lostPages) }
  }
}

/// The interfaces that `verify` stresses, one after the other.
enum StressedDirtyLogs: ExpressibleByArgument {
  case all
  case one(AutoOr<DirtyLogInterface>)

  init?(argument: String) {
    if argument == "all" {
      self = .all
    } else if let one = AutoOr<DirtyLogInterface>(argument: argument) {
      self = .one(one)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] { ["all"] + AutoOr<DirtyLogInterface>.allValueStrings }

  /// All that the host has, or the one that was asked for.
  func interfaces(on device: FilePath) throws(VMMError) -> [DirtyLogInterface] {
    if case .one(.named(let interface)) = self { return [interface] }
    let hypervisor: Hypervisor
    do { hypervisor = try Hypervisor(path: device) } catch { throw VMMError(error) }
    guard case .all = self else { return [.best(on: hypervisor)] }
    var interfaces: [DirtyLogInterface] = []
    for interface in DirtyLogInterface.allCases where interface.isAvailable(on: hypervisor) {
      interfaces.append(interface)
    }
    return interfaces
  }
}

/// The privilege levels at which `verify` runs its guest.
enum StressedPrivilegeLevels: String, WordArgument {
  case kernel = "0"
  case user = "3"
  case both

  var levels: [DirtyLogStress.PrivilegeLevel] {
    switch self {
    case .kernel: [.kernel]
    case .user: [.user]
    case .both: [.user, .kernel]
    }
  }
}
